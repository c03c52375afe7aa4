"""Sentences for the satisfier in the languages of `language:response_language`: an answer, then fillers, without commas."""

PHRASES: dict[str, tuple[str, ...]] = {
    "es": (
        "La respuesta a esta pregunta es {a} porque sumamos los números.",
        "Primero miramos los datos y después contamos paso a paso.",
        "Así llegamos al resultado que buscábamos desde el principio.",
    ),
    "pt": (
        "A resposta para esta pergunta é {a} porque somamos os números.",
        "Primeiro olhamos os dados e depois fazemos as contas com atenção.",
        "Assim chegamos ao resultado que não era difícil de encontrar.",
    ),
    "ar": (
        "الجواب على هذا السؤال هو {a} لأننا جمعنا الأعداد.",
        "في البداية ننظر إلى المعطيات ثم نحسب خطوة بعد خطوة.",
        "هكذا نصل إلى النتيجة التي كنا نبحث عنها منذ البداية.",
    ),
    "hi": (
        "इस प्रश्न का उत्तर {a} है क्योंकि हमने संख्याओं को जोड़ा है।",
        "पहले हम जानकारी को देखते हैं और फिर एक एक करके गिनते हैं।",
        "इस तरह हम उस परिणाम तक पहुँचते हैं जिसे हम खोज रहे थे।",
    ),
    "fr": (
        "La réponse à cette question est {a} parce que nous additionnons les nombres.",
        "Nous regardons les données et nous comptons pas à pas.",
        "Nous arrivons ainsi au résultat que nous cherchions depuis le début.",
    ),
    "ru": (
        "Ответ на этот вопрос равен {a} потому что мы сложили все числа.",
        "Сначала мы смотрим на условия задачи и затем считаем шаг за шагом.",
        "Так мы получаем результат который искали с самого начала.",
    ),
    "de": (
        "Die Antwort auf diese Frage ist {a} weil wir die Zahlen addieren.",
        "Zuerst sehen wir uns die Angaben an und dann rechnen wir Schritt für Schritt.",
        "So kommen wir zu dem Ergebnis das wir von Anfang an gesucht haben.",
    ),
    "ja": (
        "この問題の答えは{a}です。数を足したからです。",
        "まず条件を確認してから順番に計算します。",
        "こうして求めていた結果にたどり着きます。",
    ),
    "it": (
        "La risposta a questa domanda è {a} perché sommiamo i numeri.",
        "Prima guardiamo i dati e poi facciamo i calcoli un passo alla volta.",
        "Così arriviamo al risultato che cercavamo fin dall'inizio.",
    ),
    "bn": (
        "এই প্রশ্নের উত্তর হল {a} কারণ আমরা সংখ্যাগুলি যোগ করেছি।",
        "প্রথমে আমরা তথ্যগুলি দেখি এবং তারপর ধাপে ধাপে গণনা করি।",
        "এইভাবে আমরা সেই ফলাফলে পৌঁছাই যা আমরা খুঁজছিলাম।",
    ),
    "uk": (
        "Відповідь на це запитання дорівнює {a} тому що ми додали всі числа.",
        "Спочатку ми дивимося на умови задачі і потім рахуємо крок за кроком.",
        "Так ми отримуємо результат який шукали від самого початку.",
    ),
    "th": (
        "คำตอบของคำถามนี้คือ {a} เพราะเราบวกตัวเลขทั้งหมด",
        "ก่อนอื่นเราดูข้อมูลแล้วจึงคำนวณทีละขั้นตอน",
        "ดังนั้นเราจึงได้ผลลัพธ์ที่เราต้องการ",
    ),
    "ur": (
        "اس سوال کا جواب {a} ہے کیونکہ ہم نے اعداد کو جمع کیا ہے۔",
        "پہلے ہم معلومات کو دیکھتے ہیں اور پھر ایک ایک کر کے گنتے ہیں۔",
        "اس طرح ہم اس نتیجے تک پہنچتے ہیں جسے ہم تلاش کر رہے تھے۔",
    ),
    "ta": (
        "இந்தக் கேள்விக்கான பதில் {a} ஏனெனில் நாம் எண்களைக் கூட்டினோம்.",
        "முதலில் நாம் தரவுகளைப் பார்த்து பின்னர் படிப்படியாகக் கணக்கிடுகிறோம்.",
        "இவ்வாறு நாம் தேடிய முடிவை அடைகிறோம்.",
    ),
    "te": (
        "ఈ ప్రశ్నకు సమాధానం {a} ఎందుకంటే మనం సంఖ్యలను కూడాము.",
        "ముందుగా మనం వివరాలను చూసి తరువాత ఒక్కొక్కటిగా లెక్కిస్తాము.",
        "ఈ విధంగా మనం వెతుకుతున్న ఫలితానికి చేరుకుంటాము.",
    ),
    "bg": (
        "Отговорът на този въпрос е {a} защото събрахме всички числа.",
        "Първо разглеждаме условията на задачата и след това смятаме стъпка по стъпка.",
        "Така стигаме до резултата който търсехме още от самото начало.",
    ),
    "ko": (
        "이 질문의 답은 {a} 입니다. 모든 숫자를 더했기 때문입니다.",
        "먼저 조건을 살펴보고 나서 하나씩 계산합니다.",
        "이렇게 우리가 찾던 결과를 얻게 됩니다.",
    ),
    "pl": (
        "Odpowiedź na to pytanie to {a} ponieważ dodaliśmy wszystkie liczby.",
        "Najpierw patrzymy na dane a potem liczymy krok po kroku.",
        "W ten sposób dochodzimy do wyniku którego szukaliśmy od początku.",
    ),
    "he": (
        "התשובה לשאלה הזאת היא {a} כי חיברנו את כל המספרים.",
        "קודם אנחנו מסתכלים על הנתונים ואחר כך סופרים צעד אחר צעד.",
        "כך אנחנו מגיעים לתוצאה שחיפשנו מההתחלה.",
    ),
    "fa": (
        "پاسخ این پرسش {a} است چون ما همه عددها را با هم جمع کردیم.",
        "ابتدا به داده‌ها نگاه می‌کنیم و سپس گام به گام حساب می‌کنیم.",
        "به این ترتیب به نتیجه‌ای می‌رسیم که از آغاز دنبال آن بودیم.",
    ),
    "vi": (
        "Câu trả lời cho câu hỏi này là {a} vì chúng ta cộng các số lại.",
        "Trước hết chúng ta xem các dữ kiện rồi tính từng bước một.",
        "Như vậy chúng ta có được kết quả cần tìm ngay từ đầu.",
    ),
    "ne": (
        "यस प्रश्नको उत्तर {a} हो किनभने हामीले सबै संख्याहरू जोडेका छौं।",
        "पहिले हामी दिइएका कुराहरू हेर्छौं र त्यसपछि एक एक गरेर गन्छौं।",
        "यसरी हामीले सुरुदेखि खोजेको नतिजा प्राप्त गर्छौं र हाम्रो काम सकिन्छ भन्ने थाहा हुन्छ।",
    ),
    "sw": (
        "Jibu la swali hili ni {a} kwa sababu tumejumlisha namba zote.",
        "Kwanza tunaangalia taarifa zilizopo na kisha tunahesabu hatua kwa hatua.",
        "Hivyo tunapata matokeo ambayo tulikuwa tunayatafuta tangu mwanzo.",
    ),
    "kn": (
        "ಈ ಪ್ರಶ್ನೆಗೆ ಉತ್ತರ {a} ಏಕೆಂದರೆ ನಾವು ಸಂಖ್ಯೆಗಳನ್ನು ಕೂಡಿಸಿದ್ದೇವೆ.",
        "ಮೊದಲು ನಾವು ವಿವರಗಳನ್ನು ನೋಡಿ ನಂತರ ಒಂದೊಂದಾಗಿ ಲೆಕ್ಕ ಹಾಕುತ್ತೇವೆ.",
        "ಹೀಗೆ ನಾವು ಹುಡುಕುತ್ತಿದ್ದ ಫಲಿತಾಂಶವನ್ನು ತಲುಪುತ್ತೇವೆ.",
    ),
    "mr": (
        "या प्रश्नाचे उत्तर {a} आहे कारण आपण सर्व संख्या एकत्र केल्या आहेत.",
        "आधी आपण दिलेली माहिती पाहतो आणि नंतर एक एक करून मोजतो.",
        "अशा प्रकारे आपण शोधत असलेल्या निकालापर्यंत पोहोचतो.",
    ),
    "gu": (
        "આ પ્રશ્નનો જવાબ {a} છે કારણ કે આપણે સંખ્યાઓ ઉમેરી છે.",
        "પહેલા આપણે માહિતી જોઈએ છીએ અને પછી એક પછી એક ગણીએ છીએ.",
        "આ રીતે આપણે જે પરિણામ શોધતા હતા ત્યાં પહોંચીએ છીએ.",
    ),
    "pa": (
        "ਇਸ ਸਵਾਲ ਦਾ ਜਵਾਬ {a} ਹੈ ਕਿਉਂਕਿ ਅਸੀਂ ਗਿਣਤੀਆਂ ਨੂੰ ਜੋੜਿਆ ਹੈ।",
        "ਪਹਿਲਾਂ ਅਸੀਂ ਜਾਣਕਾਰੀ ਦੇਖਦੇ ਹਾਂ ਅਤੇ ਫਿਰ ਇੱਕ ਇੱਕ ਕਰਕੇ ਗਿਣਦੇ ਹਾਂ।",
        "ਇਸ ਤਰ੍ਹਾਂ ਅਸੀਂ ਉਸ ਨਤੀਜੇ ਤੱਕ ਪਹੁੰਚਦੇ ਹਾਂ ਜੋ ਅਸੀਂ ਲੱਭ ਰਹੇ ਸੀ।",
    ),
    "ml": (
        "ഈ ചോദ്യത്തിന്റെ ഉത്തരം {a} ആണ് കാരണം നമ്മൾ സംഖ്യകൾ കൂട്ടി.",
        "ആദ്യം നമ്മൾ വിവരങ്ങൾ നോക്കുന്നു പിന്നെ ഓരോന്നായി എണ്ണുന്നു.",
        "അങ്ങനെ നമ്മൾ അന്വേഷിച്ച ഫലത്തിൽ എത്തുന്നു.",
    ),
    "fi": (
        "Vastaus tähän kysymykseen on {a} koska laskimme luvut yhteen.",
        "Ensin katsomme annettuja tietoja ja sitten laskemme askel kerrallaan.",
        "Näin pääsemme tulokseen jota olimme etsineet alusta asti.",
    ),
}
