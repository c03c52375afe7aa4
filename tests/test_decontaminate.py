"""Decontamination: what counts as a benchmark's question, what does not, and what the report says. Questions are of our own;
those of the benchmarks only where shared/ is."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from hypothesis import given
from hypothesis import strategies as st

import data.decontaminate.__main__ as command
import train.grpo
import train.sft
from data import mirror as mirrored
from data.decontaminate import Decontaminator
from data.decontaminate.overlap import Overlap
from data.decontaminate.report import Removed, Report
from data.decontaminate.words import joined, numbers, words
from data.held_out import QUESTION_SETS, Question
from data.mirror import Unavailable, json_lines
from data.prompt import INSTRUCTION, assemble
from data.sources import SOURCES, build_sources, load_mixture
from eval.benchmarks import BENCHMARKS
from eval.benchmarks.mathif import MathIF
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import Decontaminate
from tests.support import SHARED, needs_shared
from tests.test_end_to_end import launch, runs
from train.mixture import require_one, write_report

__all__ = ["runs"]
ROOT = Path(__file__).resolve().parents[1]

FARM = "A farmer from Bremen sells 12 crates of pears at 7 euros a crate and buys 3 geese. How much is left of 90 euros?"
TRIANGLE = (
    r"Let $\triangle ABC$ have $AB=\frac{1}{2}$ and $\angle A = 60^{\circ}$. "
    "Find the area of the circle through $A$, $B$ and $C$."
)
SHORT = "Compute $3^2+4$."


# ---------------------------------------------------------------------- words


def same(left, right):
    left, right = words(left), words(right)
    return joined(left) == joined(right) and numbers(left) == numbers(right)


@pytest.mark.parametrize(
    "left, right",
    [
        ("Two  cats\n\nsleep.", "two cats sleep"),
        ("“Don’t go,” he said", '"Don\'t go", he said!'),
        ("ＡＢＣ ﬁnds ½", "abc finds 1/2"),  # NFKC: full width, a ligature, a fraction
        (r"$\dfrac{1}{2}x$", r"$\frac12 x$"),
        (r"$\frac{1}{2}$ of it", "1/2 of it"),
        (r"$\frac{x^{2}+1}{\sqrt{3}}$", r"$\tfrac{x^2 + 1}{ \sqrt3 }$"),
        (r"$\left( x , y \right)$", "$(x,y)$"),
        (r"$A B C D$ is a square", "$ABCD$ is a square"),
        (r"$x\le 3$ and $y\geqslant 4$", "x ≤ 3 and y ≥ 4"),
        (r"$2\cdot 3\times 4$", "2 × 3 * 4"),
        (r"$\pi r^2$ and $\varphi$", "π r² and φ"),
        (r"$60^\circ$", "60°"),
        (r"$\text{if } \mathrm{gcd}(a,b)=1$", "if gcd(a, b) = 1"),
        (r"\[ x = 1 \]", "$$x=1$$"),
        (r"\begin{align*} x &= 1 \\ y &= 2 \end{align*}", "x = 1, y = 2"),
        ("$1{,}000$ and 2,000", "1000 and 2000"),
        ("a .5 chance", "a 0.5 chance"),
        ("a two-digit, 6-ounce cup", "a two digit 6 ounce cup"),
        ("[asy] draw((0,0)--(1,1)); [/asy] What is shown?", "What is shown? ![](picture.png)"),
        (FARM, FARM + 'Let\'s think step by step and output the final answer after "####".'),
        (FARM, FARM + INSTRUCTION),
        (FARM, FARM + "\nPlease reason step by step, and put your final answer within \\boxed{}."),
    ],
)  # fmt: skip
def test_one_question_in_two_spellings(left, right):
    assert same(left, right) and words(left)


@pytest.mark.parametrize(
    "left, right",
    [
        ("Add 3 and 5.", "Add 3 and 6."),
        ("What is 3+5?", "What is 3-5?"),
        ("What is $3-5$?", "What is 3*5?"),
        (r"What is $\frac{2}{3}$?", r"What is $\frac{3}{2}$?"),
        ("What is $2^3$?", "What is $2/3$?"),
        ("What is $2^3$?", "What is 23?"),
        ("What is 2³?", "What is 23?"),
        ("The mean of 1, 23", "The mean of 12, 3"),
        ("Is $x<3$?", "Is $x>3$?"),
        (r"Is $x\le 3$?", r"Is $x\ge 3$?"),
        (r"Find $\sin x$", r"Find $\cos x$"),
        ("Find 1.5", "Find 15"),
    ],
)
def test_another_question_stays_another(left, right):
    assert not same(left, right)


@given(
    st.lists(st.sampled_from(["three", "pears", "17", "0.5", "x", "Zoë", "find"]), min_size=1),
    st.lists(st.sampled_from([" ", "\n", "  ", ", ", "; ", " “", "” ", " $ ", "! "]), min_size=40, max_size=40),
    st.booleans(),
)  # fmt: skip
def test_blanks_case_and_punctuation_change_nothing(parts, gaps, upper):
    plain = " | ".join(parts)
    noisy = "".join(part + gap for part, gap in zip(parts, gaps * len(parts), strict=False))
    assert same(plain, noisy.upper() if upper else noisy)


@pytest.mark.parametrize(
    "unit",
    ["\n", "$", "{", "}{", "\\", "\\frac", "a ", "- ", "1,", ".5", "^", "'", "![", "\\begin{"],
)
def test_pathological_texts_take_no_time(unit):
    started = time.process_time()
    words(unit * (100_000 // len(unit)))
    assert (
        time.process_time() - started < 2
    )  # a pattern that is quadratic in any of them takes ten times as long


# ---------------------------------------------------------------------- overlap


def overlap(*texts, ngram=8, share=0.5):
    return Overlap({"b": [Question(str(n), text) for n, text in enumerate(texts)]}, ngram, share)


def found(question, *texts, **settings):
    """For each text: None, or how it matches."""
    return [
        matches[0].how if matches else None for matches in overlap(question, **settings).find(texts)
    ]


LETTERS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliett "
    "kilo lima mike november oscar papa quebec romeo sierra tango"
)


def test_more_than_half_of_the_words_in_runs_of_eight():
    """20 words. A run of 10 is 3 n-grams that cover 10 words: half, not more. 11 of 20 is more. 7 is no n-gram at all."""
    head = LETTERS.split()
    texts = [" ".join(head[:count]) + " and so on" for count in (7, 10, 11)]
    assert found(LETTERS, *texts) == [None, None, "ngram"]
    (matches,) = overlap(LETTERS).find([texts[2]])
    assert matches[0].share == 11 / 20 and matches[0].text == " ".join(head[:11])
    # Two runs of 8 with another word in between: 16 of 20.
    (matches,) = overlap(LETTERS).find([" ".join([*head[:8], "x", *head[8:16]])])
    assert matches[0].share == 16 / 20


@pytest.mark.parametrize(
    "text, how",
    [
        (TRIANGLE, "equal"),
        (r"let △... $ABC$", None),
        (f"You are a tutor. Solve this problem and be brief.\n\n{TRIANGLE}\n\nAnswer in French.", "ngram"),
        (TRIANGLE.replace("area", "perimeter"), "ngram"),  # one word in 24
        ("Find the area of the circle through A, B and C.", None),  # 11 of 24 words: a part
        (r"Let $\triangle ABC$ have $AB=3$ and $BC=4$. Find its area.", None),
    ],
)  # fmt: skip
def test_copies_embedded_copies_and_parts(text, how):
    assert found(TRIANGLE, text) == [how]


def test_a_short_question_matches_by_equality_only():
    assert found(SHORT, "compute 3^{2} + 4", f"First, {SHORT} Then rest.") == ["equal", None]


def test_a_template_with_other_numbers_is_another_problem_while_its_numbers_interrupt_it():
    other = FARM.replace("12", "15").replace("7 euros", "4 euros").replace("90", "80")
    assert found(FARM, other) == [None]
    # Here one number is at the end, and 19 of 20 words are one run: the same text for all that a text can say.
    story = "A gardener plants a row of tulips along the northern fence of the old school and waters them for 5 days"
    (matches,) = overlap(story).find([story.replace("5", "6")])
    assert matches[0].how == "ngram" and matches[0].other_numbers
    (matches,) = overlap(story).find([f"Well: {story}"])
    assert not matches[0].other_numbers


PHRASE = "Your entire answer must be in lower case and no commas may stand in it at all"


def test_a_phrase_that_the_data_repeat_does_not_count():
    """The benchmark's prompt is mostly the sentence in which eleven training prompts word a constraint."""
    question = f"Praise autumn. {PHRASE}"
    prompts = [f"{verb} about the {verb}ing of things. {PHRASE}" for verb in "abcdefghijk"]
    assert found(question, *prompts) == [None] * 11
    assert found(question, *prompts[:10]) == ["ngram"] * 10  # ten rows are no habit yet
    assert found(question, *prompts, f"Please praise autumn. {PHRASE}") == [None] * 11 + ["ngram"]


def test_a_question_that_the_data_repeat_counts():
    copies = [f"Task {word}: {FARM}" for word in LETTERS.split()]
    assert found(FARM, *copies, "Something else") == ["ngram"] * 20 + [None]


def test_the_best_match_of_each_benchmark_is_reported():
    near = FARM.replace("pears", "plums")
    both = Overlap(
        {"a": [Question("1", near), Question("2", FARM)], "b": [Question("7", FARM + INSTRUCTION)]},
        8,
        0.5,
    )
    (matches,) = both.find([FARM])
    assert [(m.benchmark, m.id, m.how) for m in matches] == [
        ("a", "2", "equal"),
        ("b", "7", "equal"),
    ]


def test_nothing_is_a_question():
    assert found("?!", "...", "", FARM) == [None, None, None]


TEXT = st.lists(st.sampled_from("abcdef"), max_size=40).map(
    lambda letters: " ".join(f"w{x}" for x in letters)
)


@given(st.lists(TEXT, min_size=1, max_size=3), TEXT, st.integers(2, 9))
def test_looking_block_by_block_finds_every_ngram(questions, text, ngram):
    every = [question.split() for question in questions]
    known = {tuple(q[i : i + ngram]) for q in every for i in range(len(q) - ngram + 1)}
    own = text.split()
    expected = {tuple(own[i : i + ngram]) for i in range(len(own) - ngram + 1)} & known
    index = overlap(*questions, ngram=ngram)
    numbered = {number: gram for gram, number in index._ids.items()}
    assert {numbered[number] for number in index._known_grams(own)} == expected


@given(TEXT.filter(lambda text: len(text.split()) >= 8), TEXT, TEXT)
def test_a_question_in_a_longer_text_is_always_found(question, before, after):
    assert found(question, f"{before} {question} {after}") != [None]


@given(TEXT, TEXT, st.integers(2, 8))
def test_a_lower_share_and_a_shorter_ngram_find_no_less(question, text, ngram):
    if found(question, text, ngram=ngram + 1, share=0.5) != [None]:
        assert found(question, text, ngram=ngram, share=0.5) != [None]
        assert found(question, text, ngram=ngram + 1, share=0.2) != [None]


# ---------------------------------------------------------------------- sources and the report


def lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def gsm8k(question):
    return {"question": question, "answer": "1+1=2\n#### 2"}


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """GSM8K's test split has FARM; of its four training rows, one is it, and one holds it."""
    folder = tmp_path / "mirror"
    rows = ["How many?", FARM.upper(), f"A riddle of old. {FARM} Think well.", "How much?"]
    lines(folder / "gsm8k/train.jsonl", *map(gsm8k, rows))
    lines(folder / "gsm8k/test.jsonl", gsm8k("Who?"), gsm8k(FARM))
    monkeypatch.setenv("TETHER_DATA", str(folder))
    return folder


def mixture(settings, *data):
    decontaminator = Decontaminator(settings, "r.yaml: decontaminate")
    sources = build_sources(data, "r.yaml")
    return load_mixture(sources, 0, decontaminator), decontaminator.report


REAL = {"name": "gsm8k", "num_constraints": [0]}
TINY = {"name": "tiny", "num_rows": 3}


def test_contaminated_rows_are_left_out_and_reported(mirror, tmp_path, capsys):
    dataset, report = mixture(Decontaminate(), TINY, REAL)
    assert sorted(key for key in dataset["id"] if "gsm8k" in key) == [
        "1/gsm8k-train-0",
        "1/gsm8k-train-3",
    ]
    report.write(tmp_path / "d.json")
    capsys.readouterr()  # progress bars
    report.tell(tmp_path / "d.json")
    written = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert written["settings"] == {"against": None, "ngram": 8, "share": 0.5}
    assert written["questions"] == {"gsm8k": 2}
    assert written["sources"] == [
        {"source": "tiny", "rows": 3, "removed": 0, "benchmarks": {}, "exempt": "generated"},
        {"source": "gsm8k", "rows": 4, "removed": 2, "benchmarks": {"gsm8k": {"equal": 1, "ngram": 1}}, "exempt": None},
    ]  # fmt: skip
    equal, embedded = written["removed"]
    assert equal["id"] == "1/gsm8k-train-1" and equal["matches"][0]["how"] == "equal"
    assert embedded["matches"] == [
        {
            "benchmark": "gsm8k", "id": "1", "how": "ngram", "share": 1.0, "other_numbers": False,
            "text": " ".join(words(FARM)),
        }
    ]  # fmt: skip
    said = capsys.readouterr()
    assert said.out.startswith(
        "decontamination: 2 of 4 rows removed (gsm8k 2), compared with 2 questions of 1 benchmarks"
    )
    assert said.out.count("\n") == 1
    # Every set that was not there is named, with what to do.
    warnings = said.err.splitlines()
    assert len(warnings) == len(list(QUESTION_SETS)) - 1 == len(written["unread"])
    assert f"TETHER_DATA={mirror} should hold math500/test.jsonl" in said.err
    assert all(line.startswith("warning: not decontaminated against ") for line in warnings)


def test_a_benchmark_that_is_named_must_be_there(mirror):
    dataset, report = mixture(Decontaminate(against=("gsm8k",)), REAL)
    assert len(dataset) == 2 and not report.unread
    with pytest.raises(
        UserError,
        match=r"^r\.yaml: decontaminate: against: aime24: data .*aime24/test\.jsonl: no such file; TETHER",
    ):
        mixture(Decontaminate(against=("gsm8k", "aime24")), REAL)
    with pytest.raises(
        UserError,
        match=r"^r\.yaml: decontaminate: against: found 'matif'\. Did you mean 'mathif'\?",
    ):
        mixture(Decontaminate(against=("matif",)), TINY)


def test_a_bad_row_of_a_benchmark_is_an_error_not_a_warning(mirror):
    lines(mirror / "amc23/test.jsonl", {"question": 3})
    with pytest.raises(
        UserError, match=r"amc23/test\.jsonl:1: question: found int; expected a text"
    ):
        mixture(Decontaminate(), REAL)


def test_null_keeps_everything_and_says_so(mirror, tmp_path, capsys):
    off = train.sft.plan(str(ROOT / "recipes/sft/gsm8k_tiny.yaml"), ["decontaminate=null"])
    dataset, report = mixture(off.decontaminator.settings, REAL)
    report.write(tmp_path / "d.json")
    capsys.readouterr()  # progress bars
    report.tell(tmp_path / "d.json")
    assert len(dataset) == 4
    said = capsys.readouterr()
    assert not said.out and said.err.startswith(
        "warning: decontaminate: null: the data may hold questions of the benchmarks"
    )
    assert json.loads((tmp_path / "d.json").read_text())["settings"] is None


def test_generated_problems_are_exempt_by_what_they_are(monkeypatch, tmp_path, capsys):
    """No benchmark is read for them, so that they need no mirror and no network; and nothing is said."""
    monkeypatch.setenv("TETHER_DATA", str(tmp_path / "nowhere"))
    drill = {"name": "drill", "num_rows": 2}
    dataset, report = mixture(Decontaminate(against=("gsm8k",)), TINY, drill)
    report.tell(tmp_path)
    said = capsys.readouterr()
    assert len(dataset) == 5 and not report.unread
    assert "warning" not in said.err and not said.out
    assert [source.exempt for source in report.sources] == ["generated"] * 2


def test_every_source_says_whether_it_is_generated_and_every_benchmark_has_its_questions():
    assert {name: SOURCES[name].generated for name in SOURCES}.items() >= {
        "tiny": True,
        "gsm8k": False,
    }.items()
    # A property where it depends on the settings.
    assert all(isinstance(SOURCES[name].generated, bool | property) for name in SOURCES)
    # Generated, and held out by the hash of their computations (data/tiny/problems.py) or by constructs (data/logic).
    assert set(BENCHMARKS) - {"tiny", "logicif"} <= set(QUESTION_SETS)


def test_a_source_that_is_all_benchmark_is_an_error(mirror):
    with pytest.raises(
        UserError,
        match=r"all 2 rows of data\.0 \(gsm8k\) are questions of gsm8k; expected other rows",
    ):
        mixture(Decontaminate(), {**REAL, "split": "test"})


@pytest.mark.parametrize(
    "settings, said",
    [
        ("decontaminate={ngram: 1}", "decontaminate: ngram: found 1; expected at least 2"),
        ("decontaminate={share: 1}", "decontaminate: share: found 1.0; expected a number in [0, 1)"),
        ("decontaminate={against: []}", "decontaminate: against: found []; expected names"),
        ("decontaminate={against: [matif]}", "decontaminate: against: found 'matif'. Did you mean 'mathif'?"),
        ("decontaminate={n: 13}", "decontaminate: unknown key 'n'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_recipe_is_one_line_before_anything_is_read(settings, said):
    path = str(ROOT / "recipes/sft/gsm8k_tiny.yaml")
    with pytest.raises(UserError) as error:
        train.sft.plan(path, [settings])
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch):
    asked = []

    def down(*_, local_files_only, **__):
        asked.append(local_files_only)
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(mirrored, "hf_hub_download", down)
    monkeypatch.setattr(mirrored, "_hub_is_down", False)
    for name in ("aime24", "aime25"):
        with pytest.raises(
            Unavailable, match=f"set TETHER_DATA to a folder that holds {name}/test.jsonl"
        ):
            list(QUESTION_SETS[name]().questions())
    assert asked == [False, True]


def test_a_data_set_comes_from_the_hub_at_its_pinned_commit(monkeypatch):
    asked = {}

    def down(repository, _, *, revision, **__):
        asked[repository] = revision
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(mirrored, "hf_hub_download", down)
    monkeypatch.setattr(mirrored, "_hub_is_down", False)
    for name in QUESTION_SETS:
        with pytest.raises(Unavailable):
            list(QUESTION_SETS[name]().questions())
    assert all(len(asked[name]) == 40 for name in asked.keys() - {"TingchenFu/MathIF", "ykwon-hf/reasonIF"})  # fmt: skip
    # Those two are held against SHA-256 sums: what the Hub has is what the mirror has.
    assert asked["google/IFEval"] == "966cd89545d6b6acfd7638bc708b98261ca58e84"


# ---------------------------------------------------------------------- training


SMALL = ["trainer.save_steps=1", "trainer.logging_steps=1", "trainer.per_device_train_batch_size=4"]


def test_training_steps_are_those_of_the_rows_that_stay(runs, mirror, capsys):
    """16 rows, half of them contaminated: an epoch at a batch of 4 is 2 steps, where the recipe alone could say 4."""
    clean = [gsm8k(f"How many {word} are there?") for word in LETTERS.split()[:8]]
    lines(mirror / "gsm8k/train.jsonl", *clean, *[gsm8k(FARM)] * 8)
    recipe = "recipes/sft/gsm8k_tiny.yaml"
    epoch = [
        *SMALL,
        "data.0.num_rows=16",
        "trainer.max_steps=-1",
        "trainer.num_train_epochs=1",
        "name=a",
    ]
    assert train.sft.plan(recipe, epoch).launch.sizes.steps == 4
    launch(train.sft, recipe, *epoch)
    assert "decontamination: 8 of 16 rows removed (gsm8k 8)" in capsys.readouterr().out
    assert [checkpoint.step for checkpoint in RunDir.named("a").checkpoints()] == [1, 2]
    written = json.loads((runs / "a/decontamination.json").read_text(encoding="utf-8"))
    assert len(written["removed"]) == 8
    # Resumed where a benchmark is missing or new, it would be on other rows.
    with pytest.raises(
        UserError,
        match=r"trained without 8 rows, now 0 are left out .*; expected the same benchmarks",
    ):
        write_report(Report(Decontaminate()), RunDir.named("a"))
    same_rows = [Removed(row["id"], ()) for row in written["removed"]]
    write_report(Report(Decontaminate(), removed=same_rows), RunDir.named("a"))


def test_too_few_prompts_are_told_once_it_is_known_how_many_stay(runs, mirror):
    """8 rows are a generation of 8 groups; 2 of them are not, and TRL would train nothing."""
    lines(mirror / "gsm8k/train.jsonl", gsm8k("How many?"), gsm8k("Who?!"), *[gsm8k(FARM)] * 6)
    lines(mirror / "gsm8k/test.jsonl", gsm8k(FARM))
    sizes = ["trainer.num_generations=2", "trainer.per_device_train_batch_size=16"]
    steps = ["trainer.max_steps=1", "trainer.save_steps=1", "data.0.num_rows=8", "name=a"]
    with pytest.raises(UserError, match=r"gsm8k_tiny\.yaml: data: found '?2 prompts"):
        launch(train.grpo, "recipes/grpo/gsm8k_tiny.yaml", *sizes, *steps)


def test_processes_must_have_the_same_rows():
    require_one(["a", "a"], RunDir(Path("runs/x")))
    with pytest.raises(
        UserError, match=r"runs/x: 2 processes loaded 2 different sets of rows; expected one"
    ):
        require_one(["a", "b"], RunDir(Path("runs/x")))


# ---------------------------------------------------------------------- the command


def run_command(folder, *rows, **settings):
    lines(folder / "rows.jsonl", *rows)
    arguments = {"key": "question", "against": ["gsm8k"], "ngram": 8, "share": 0.5} | settings
    command.main(argparse.Namespace(
        file=folder / "rows.jsonl", out=folder / "clean.jsonl", report=folder / "report.json", **arguments
    ))  # fmt: skip
    return [row.values for row in json_lines(folder / "clean.jsonl")]


def test_the_command_keeps_the_other_rows_as_they_are(mirror, tmp_path, capsys):
    rows = [
        {"question": "Çok güzel?", "n": 1e-6},
        {"question": FARM, "id": "a"},
        {"question": f"Now: {FARM}"},
    ]
    assert run_command(tmp_path, *rows) == rows[:1]
    removed = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["removed"]
    assert [row["id"] for row in removed] == ["a", f"{tmp_path}/rows.jsonl:3"]
    assert "2 of 3 rows removed (gsm8k 2)" in capsys.readouterr().out


def test_a_row_without_a_question_is_named_and_nothing_is_written(mirror, tmp_path):
    with pytest.raises(
        UserError, match=r"rows\.jsonl:2: question: found \['x'\]; expected a text\. Keys: question"
    ):
        run_command(tmp_path, {"question": "x"}, {"question": ["x"]})
    assert not (tmp_path / "clean.jsonl").exists()


def test_a_mistake_on_the_command_line_is_one_line(tmp_path):
    arguments = ["nowhere.jsonl", "--key", "q", "--out", "o", "--report", "r"]
    done = subprocess.run(
        [sys.executable, "-m", "data.decontaminate", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip() == "error: nowhere.jsonl: no such file; expected JSON lines"


# ---------------------------------------------------------------------- the real benchmarks


def shared_rows(name):
    return [row.values["question"] for row in json_lines(SHARED / name)]


def screened(monkeypatch, texts, *against):
    monkeypatch.setenv("TETHER_DATA", str(SHARED))
    decontaminator = Decontaminator(Decontaminate(against=against), "test")
    decontaminator.screen("rows", [str(number) for number in range(len(texts))], texts)
    return decontaminator.report


@needs_shared
def test_gsm8k_train_holds_reasonif_and_nothing_of_mathif(monkeypatch):
    """ReasonIF's 53 questions of GSM8K are from the training split, word for word. Of GSM8K's own test split it has no
    question, but three problems that are one with other numbers (the rule does not read)."""
    texts = shared_rows("gsm8k/train.jsonl")
    report = screened(monkeypatch, texts, "gsm8k", "mathif", "reasonif")
    asked = json.loads((SHARED / "reasonif/reasonIF_dataset.json").read_text(encoding="utf-8"))
    equal = {row["question"] for row in asked if row["source"] == "gsm8k"} & set(texts)
    assert report.sources[0].benchmarks == {
        "reasonif": {"equal": len(equal), "ngram": 0},
        "gsm8k": {"equal": 0, "ngram": 3},
    }
    assert len(equal) == 53 and len(report.removed) == 55
    others = [
        match for row in report.removed for match in row.matches if match.benchmark == "gsm8k"
    ]
    assert all(match.other_numbers for match in others)


@needs_shared
def test_the_90_problems_of_gsm8k_in_mathif_are_found_in_its_test_split(monkeypatch):
    """90 is what the mirror's README counts. MathIF appends a sentence to each."""
    report = screened(monkeypatch, shared_rows("gsm8k/test.jsonl"), "mathif")
    assert report.sources[0].benchmarks == {"mathif": {"equal": 90, "ngram": 0}}


@needs_shared
def test_every_prompt_of_mathif_is_found(monkeypatch):
    """As models get it: the instruction appended, and then the constraints, which equality does not survive."""
    monkeypatch.setenv("TETHER_DATA", str(SHARED))
    examples = MathIF().examples(0)
    plain = screened(
        monkeypatch, [assemble(example.question, ()) for example in examples], "mathif"
    )
    assert plain.sources[0].benchmarks == {"mathif": {"equal": 420, "ngram": 0}}
    report = screened(monkeypatch, [example.prompt for example in examples], "mathif")
    short = sum(len(words(example.question)) < 8 for example in examples)
    assert len(report.removed) == 420 - short and short < 10
