"""Our language detector gives langdetect's verdict on every text; langdetect itself says what that is."""

import random
import string

import langdetect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.compose import TINY_SPACE, compose
from data.constraints.base import Unsatisfiable
from data.constraints.detect import detect
from data.constraints.language import is_detected_as, is_language
from data.constraints.split import TRAIN
from data.tiny.problems import draw
from data.tiny.solution import material

SENTENCES = {
    "en": "The committee met again on Tuesday to talk about the new bridge, and nobody could say what it would cost.",
    "es": "Mañana por la tarde vamos a comprar verduras frescas porque nuestros abuelos vienen a cenar con nosotros.",
    "pt": "Ontem à noite as crianças não conseguiram dormir, então lemos juntos uma história sobre o mar.",
    "fr": "Après la réunion, elle a pris le train de nuit et n'est arrivée chez sa sœur qu'au petit matin.",
    "de": "Gestern Abend haben wir lange darüber gesprochen, ob die Straße nächstes Jahr gesperrt werden muss.",
    "it": "Non abbiamo ancora deciso se partire sabato mattina oppure aspettare che smetta di piovere.",
    "nl": "Volgende week gaan we met de fiets naar zee, tenzij het weer opnieuw zo slecht wordt als gisteren.",
    "sv": "På sommaren brukar vi åka till en liten ö där det varken finns bilar eller någon affär.",
    "da": "Hun købte både brød og ost på torvet, men glemte at spørge, hvornår butikken lukker.",
    "no": "Jeg vet ikke hvor lenge de har bodd her, men huset ble bygget før krigen.",
    "fi": "Huomenna menemme järvelle kalastamaan, jos sää on hyvä eikä kukaan ole sairaana.",
    "et": "Õhtul istusime kaua köögis ja rääkisime sellest, mida me lapsena kartsime.",
    "pl": "Wczoraj wieczorem zadzwonił do mnie brat i powiedział, że w końcu znalazł nowe mieszkanie.",
    "cs": "Když jsme přišli domů, zjistili jsme, že někdo nechal otevřené okno a v kuchyni byla zima.",
    "sk": "Keď sme prišli na stanicu, vlak už odišiel a ďalší mal ísť až o dve hodiny.",
    "sl": "Ko smo prišli na postajo, je vlak že odpeljal, zato smo čakali še dve uri.",
    "hr": "Sutra ujutro idemo na tržnicu kupiti svježe povrće i nekoliko kruhova za ručak.",
    "hu": "Tegnap este sokáig beszélgettünk arról, hogy jövőre hová költözzünk a gyerekekkel.",
    "ro": "Mâine dimineață mergem la piață să cumpărăm roșii, brânză și pâine proaspătă pentru toți.",
    "sq": "Nesër në mëngjes do të shkojmë në treg për të blerë perime dhe pak bukë të freskët.",
    "tr": "Dün akşam arkadaşlarımla uzun uzun konuştuk ve gelecek yıl nereye gideceğimize karar verdik.",
    "lt": "Vakar vakare ilgai kalbėjomės apie tai, kur kitais metais važiuosime atostogauti.",
    "lv": "Rīt no rīta mēs brauksim pie vecmāmiņas, kura dzīvo mazā mājā pie upes.",
    "id": "Kemarin sore kami berjalan ke pasar untuk membeli sayuran segar dan beberapa ekor ikan.",
    "tl": "Pupunta kami sa palengke bukas ng umaga upang bumili ng sariwang gulay at isda.",
    "sw": "Kesho asubuhi tutakwenda sokoni kununua mboga na samaki kwa ajili ya wageni wetu.",
    "so": "Berri subaxdii waxaan tagi doonaa suuqa si aan u soo iibsado khudaar iyo kalluun.",
    "cy": "Bore yfory byddwn ni'n mynd i'r farchnad i brynu llysiau ffres ac ychydig o bysgod.",
    "vi": "Sáng mai chúng tôi sẽ đi chợ mua rau tươi và cá để nấu bữa tối cho cả gia đình.",
    "af": "Ons het gister lank gepraat oor waar ons volgende jaar met die kinders gaan woon.",
    "ca": "Demà al matí anirem al mercat a comprar verdures fresques i una mica de peix per sopar.",
    "ru": "Сегодня утром мы поехали за город, чтобы посмотреть старую усадьбу у реки.",
    "uk": "Сьогодні вранці ми поїхали за місто, щоб побачити стару садибу біля річки.",
    "bg": "Тази сутрин отидохме извън града, за да видим старата къща край реката.",
    "mk": "Утре наутро ќе одиме на пазар за да купиме свеж зеленчук и малку риба.",
    "el": "Χθες το βράδυ μιλήσαμε πολλή ώρα για το πού θα πάμε διακοπές του χρόνου.",
    "he": "מחר בבוקר נלך לשוק לקנות ירקות טריים ולחם לארוחת הערב.",
    "ar": "ذهبنا صباح اليوم إلى السوق لشراء الخضار الطازجة والخبز لأن جدتي ستزورنا.",
    "fa": "فردا صبح به بازار می‌رویم تا سبزی تازه و نان بخریم، چون مهمان داریم.",
    "ur": "کل صبح ہم بازار جائیں گے تاکہ تازہ سبزیاں اور روٹی خرید سکیں۔",
    "hi": "कल सुबह हम बाज़ार जाएँगे और ताज़ी सब्ज़ियाँ तथा रोटी खरीदेंगे।",
    "mr": "उद्या सकाळी आम्ही बाजारात जाऊन ताज्या भाज्या आणि मासे विकत घेणार आहोत.",
    "ne": "भोलि बिहान हामी बजार गएर ताजा तरकारी र माछा किन्नेछौं।",
    "bn": "কাল সকালে আমরা বাজারে গিয়ে তাজা সবজি আর মাছ কিনব।",
    "pa": "ਕੱਲ੍ਹ ਸਵੇਰੇ ਅਸੀਂ ਬਾਜ਼ਾਰ ਜਾ ਕੇ ਤਾਜ਼ੀਆਂ ਸਬਜ਼ੀਆਂ ਖਰੀਦਾਂਗੇ।",
    "gu": "કાલે સવારે અમે બજારમાં જઈને તાજાં શાકભાજી ખરીદીશું.",
    "ta": "நாளை காலை நாங்கள் சந்தைக்குச் சென்று காய்கறிகள் வாங்குவோம்.",
    "te": "రేపు ఉదయం మేము సంతకు వెళ్లి తాజా కూరగాయలు కొంటాము.",
    "kn": "ನಾಳೆ ಬೆಳಿಗ್ಗೆ ನಾವು ಮಾರುಕಟ್ಟೆಗೆ ಹೋಗಿ ತಾಜಾ ತರಕಾರಿ ಕೊಳ್ಳುತ್ತೇವೆ.",
    "ml": "നാളെ രാവിലെ ഞങ്ങൾ ചന്തയിൽ പോയി പച്ചക്കറികൾ വാങ്ങും.",
    "th": "พรุ่งนี้เช้าเราจะไปตลาดเพื่อซื้อผักสดและปลา",
    "ja": "明日の朝、私たちは市場へ行って新鮮な野菜と魚を買います。",
    "ko": "내일 아침에 우리는 시장에 가서 신선한 채소와 생선을 살 것입니다.",
    "zh-cn": "明天早上我们去市场买新鲜的蔬菜和鱼，因为奶奶要来吃饭。",
    "zh-tw": "明天早上我們去市場買新鮮的蔬菜和魚，因為奶奶要來吃飯。",
}  # fmt: skip
ODD = (
    "", " ", "\n\t \x00", "1234567890", "3 + 4 = 7", "?!...", "$$ _*_ $$", "a", "A", "é", "ß", "ñ ", "ok", "OK", "X Y",
    "HELLO", "HELLO WORLD", "Hello WORLD again", "iPhone McDonald USAir", "ǅ ǆ Ǆ", "[\\]^_`", "hello_world", "x" * 50,
    "the quick fox", "hello world again", "das ist gut", "buenos dias amigo", "good morning everyone", "le chat noir",
    "https://example.org/le/chat", "see https://example.org/a?b=c&d=1 or http://x.y", "https:// nothing", "me@example.org",
    "write to jean-luc.picard@enterprise.example.org, please", "@ @@ a@b a@bc", "mail me@" + "x" * 600,
    "hello 你好", "你好 hello hello", "Привет hello мир", "ab я", "日本語 and some English words", "ABC 한국어 def",
    "\ud800", "abc \udfff def", "\ud83d\ude00", "😀😀😀", "a😀b", "e\u0301te\u0301", "a\u0300 e\u0303 O\u0309 u\u0323",
    "Vie\u0323t Nam co\u0301 nhie\u0300u", "ș ț ş ţ", "ی ي", "ﬁ ﬂ", "ａｂｃ", "\u3000日\u3000本\u3000", "１２３", "ㄅㄆㄇㄈ",
    "\u00a0a\u00a0b\u00a0", "\u2028the\u2029end", "i̇stanbul", "İSTANBUL", "a\u0301" * 40, "\ufeffbom", "\U0010ffff z",
    "ƀƁƂ ḀḁḂ ạảấ",
    "ạảấ ab ếềể vitt ốồổ", "Ẓ8ỶỻI U ṈḔệm vị",
    "a " * 300, "ab" * 5200, "一" * 10500, "á " * 5001, " " * 10001 + "the", "the " + "日本" * 4999,
    "\\boxed{12}", "\\frac{1}{2} x^2", "Answer: 42", "x y z", "q", "w k", "zz zz zz",
    "Таз พร ", "ذهب Jeg ", "k y r jj", "tion", "sch", "ij", "th th th",
)  # fmt: skip


@pytest.fixture(autouse=True)
def seeded(monkeypatch):
    monkeypatch.setattr(langdetect.DetectorFactory, "seed", 0)


def reference(text):
    try:
        return langdetect.detect(text)
    except langdetect.LangDetectException:
        return None


def mixed(rng):
    """Words of up to three languages, or parts of their sentences, in any case."""
    sentences = rng.sample(list(SENTENCES.values()), rng.randint(1, 3))
    words = [word for sentence in sentences for word in sentence.split()]
    match rng.randrange(4):
        case 0:
            return " ".join(rng.choices(words, k=rng.randint(1, 4)))
        case 1:
            return " ".join(rng.choices(words, k=rng.randint(5, 40)))
        case 2:
            return " ".join(
                rng.choice((str.upper, str.title, str.swapcase))(word) for word in words
            )
    text = rng.choice(sentences)
    start = rng.randrange(len(text))
    return text[start : start + rng.randint(1, 12)]


def noise(rng):
    """Random characters from one or two regions of Unicode, surrogates included."""
    regions = rng.choices(
        ((0, 0x80), (0x80, 0x250), (0x300, 0x600), (0x600, 0xE00), (0x1E00, 0x2100), (0x3000, 0xA000), (0, 0x11_0000)),
        k=2,
    )  # fmt: skip
    return "".join(chr(rng.randrange(*rng.choice(regions))) for _ in range(rng.randint(1, 60)))


def prompt(rng):
    problem = draw(rng, rng.randint(1, 4), "train")
    try:
        composed = compose(
            material(problem.question, problem.equations, rng), 2, TRAIN, TINY_SPACE, rng
        )
    except Unsatisfiable:
        return problem.question
    return f"{problem.question} {' '.join(each.describe() for each in composed.constraints)}"


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES.keys())
def test_a_sentence_gets_langdetects_verdict(sentence):
    assert detect(sentence) == reference(sentence)


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_gets_langdetects_verdict(text):
    assert detect(text) == reference(text)


@pytest.mark.parametrize("make, num", [(mixed, 300), (noise, 200), (prompt, 50)])
def test_a_random_text_gets_langdetects_verdict(make, num):
    rng = random.Random(make.__name__)
    texts = [make(rng) for _ in range(num)]
    assert [detect(text) for text in texts] == [reference(text) for text in texts]


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from(string.ascii_letters + "éüñ @.ぁя\n"), max_size=40))
def test_letters_in_any_order_get_langdetects_verdict(text):
    assert detect(text) == reference(text)


def test_a_text_that_langdetect_cannot_tell():
    assert detect("12 + 30 = 42") is None
    assert is_detected_as("12 + 30 = 42", "fr")
    assert not is_language("12 + 30 = 42", "fr")


def test_the_seed_of_others_does_not_matter(monkeypatch):
    text = "good morning to you all, buenos dias amigos"
    expected = reference(text)
    detect.cache_clear()
    monkeypatch.setattr(langdetect.DetectorFactory, "seed", 7)
    assert detect(text) == expected
