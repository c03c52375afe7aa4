r"""The grader. Pairs are written `gold ≟ answer`; the tables follow shared/reference/math_grading.md, sections 3 to 6."""

import json
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import final_answer, grade, grade_all
from data.answers.clean import clean
from data.answers.guards import over_limit
from data.answers.pool import Pool
from data.answers.settle import settle
from data.response import split

ROOT = Path(__file__).resolve().parents[1]
# Deadlines are wall-clock; the machine that runs the tests may be busy.
PATIENT_S = 20.0


def pairs(table):
    return [tuple(line.strip().split(" ≟ ")) for line in table.splitlines() if line.strip()]


def judge(gold, answer):
    return grade(rf"\boxed{{{answer}}}", gold)


# ---------------------------------------------------------------------------------- extraction


@pytest.mark.parametrize(
    "response, answer",
    [
        (r"so \boxed{42}.", "42"),
        (r"\boxed{1} no, \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        (r"\boxed 5", "5"),
        (r"\boxed{\boxed{7}}", "7"),
        (r"THE ANSWER IS \BOXED{7}", "7"),
        (r"\boxed{a}" * 999 + r"\boxed{7}", "7"),
        (r"$\boxed{19}$ is wrong, it is $\boxed{20}$", "20"),
        (r"\boxed{19} is wrong, it is \boxed{20}", "20"),
        (r"Answer: 5" + "\n" + r"\boxed{6}", "6"),
        ("```\n\\boxed{5}\n```", "5"),
        (r"\boxed{}", ""),
        (r"\boxed{never closed", None),
        (r"\boxed{1} and \boxed{never closed", None),
        (r"\boxedness 5", None),
        ("the answer is 42", None),
        ("", None),
    ],
)
def test_the_last_box_is_the_answer(response, answer):
    assert final_answer(response) == answer


@pytest.mark.parametrize(
    "response, correct, method",
    [
        (r"\boxed{18}", True, "identical"),
        ("The answer is 5.\n#### 18", True, "hash/identical"),
        ("#### 1,8\n#### 18", True, "hash/identical"),
        ("So the answer is $18$. Thanks!", True, "clause/identical"),
        ("Final answer: **18**", True, "clause/identical"),
        ("The answer is not 18.", False, "negated"),
        ("I don't think that the answer is 18", False, "negated"),
        ("Some work.\n\n18", True, "bare/identical"),
        ("18", True, "bare/identical"),
        ("It is not $18$.", False, "negated"),
        ("She makes $18 every day.", False, None),
        (r"#### 18" + "\n" + r"\boxed{17}", False, "number"),
        (r"#### 18 \boxed{unclosed", False, "unclosed_box"),
        ("", False, "no_box"),
    ],
)
def test_fallbacks_are_for_evaluation(response, correct, method):
    verdict = grade(response, "18", fallbacks=True)
    assert verdict.correct is correct
    assert method in (None, verdict.method)


def test_only_a_box_is_rewarded():
    for response in ("#### 18", "The answer is 18", "18"):
        assert grade(response, "18") == (False, None, "no_box")


def test_a_box_inside_the_thinking_does_not_count():
    response = split(r"<think>\boxed{42}</think> I do not know.").response
    assert grade(response, "42").correct is False
    response = split(r"<think>\boxed{41}</think> \boxed{42}").response
    assert grade(response, "42").correct is True


@pytest.mark.parametrize("gold", ["<<6*3=18>>so 18\n#### 18", "#### 18", r"\boxed{18}", "$18$"])
def test_golds_as_data_sets_write_them(gold):
    assert judge(gold, "18").correct is True
    assert judge(gold, "17").correct is False


@pytest.mark.parametrize("gold, answer", [("1,234", "1234"), ("-5", "-5.0"), ("1234", "1,234")])
def test_gsm8k_golds(gold, answer):
    assert judge(f"work\n#### {gold}", answer).correct is True


# ---------------------------------------------------------------------------------- equal

# Section 3.1: math-verify accepts these, so do we.
ACCEPTED = r"""
1200 ≟ 1,200
1200 ≟ 1{,}200
11,\! 111,\! 111,\! 100 ≟ 11111111100
10\,000 ≟ 10000
\frac12 ≟ \frac{2}{4}
0.5 ≟ \frac{1}{2}
-1/2 ≟ -\frac12
1/3 ≟ 0.333333
0.333333 ≟ 1/3
\frac12 ≟ \dfrac{1}{2}
\frac12 ≟ \tfrac12
\frac12 ≟ \cfrac{1}{2}
\frac12 ≟ 1/2
1\frac12 ≟ 1.5
1\frac12 ≟ 1 1/2
\sqrt{12} ≟ 2\sqrt{3}
\sqrt{12} ≟ 2\sqrt3
5 ≟ \sqrt{25}
60 ≟ 60^\circ
60 ≟ 60^{\circ}
60 ≟ 60°
5 ≟ 5\text{ cm}
5\text{ cm} ≟ 5
5\text{ cm} ≟ 5 cm
5\text{ m} ≟ 500\text{ cm}
6\text{ cm}^2 ≟ 6\,\mathrm{cm}^{2}
12\text{ cm}^2 ≟ 12\text{ square centimeters}
18 ≟ \$18
18\text{ dollars} ≟ \$18.00
18 ≟ 18\text{ apples}
\frac34 ≟ 75\%
75\% ≟ 0.75
4 ≟ x=4
x=4 ≟ 4
2x+1 ≟ y=2x+1
y=2x+1 ≟ 2x+1
f(z)=z ≟ z
x^2-1 ≟ (x-1)(x+1)
x^2+2x+1 ≟ 1+2x+x^2
2x+y=3 ≟ y=3-2x
2x=4y+1 ≟ x-2y=\frac12
\begin{pmatrix}1\\2\end{pmatrix} ≟ \begin{bmatrix}1\\2\end{bmatrix}
\begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix} ≟ \begin{pmatrix}0.2\\-3.6\end{pmatrix}
\{1,2\} ≟ \{2,1\}
\{1,2\} ≟ 2,1
6 ≟ 2\cdot 3
8 ≟ 2^3
33 ≟ 033
033 ≟ 33
42 ≟ 42.0
\infty ≟ +\infty
120 ≟ 5!
3 ≟ \log_2 8
10 ≟ \binom{5}{2}
\text{(A)} ≟ A
\text{(A)} ≟ \text{A}
A ≟ (A)
A ≟ \textbf{(A)}\ 12
\text{June} ≟ June
\text{June} ≟ \text{june}
\text{ellipse} ≟ \text{an ellipse}
\pi ≟ 3.14159265
3:2 ≟ 6:4
"""

# Section 3.2: math-verify rejects these.
MISSED_BY_MATH_VERIFY = r"""
53 ≟ 53.
4.6 ≟ 4{.}6
3.7e8 ≟ 3.7\times 10^8
3.7e8 ≟ 370000000
3.7\times 10^8 ≟ 3.7\cdot 10^{8}
3.7\times 10^8 ≟ 3.7*10^8
3.7\times 10^8 ≟ 3.7E8
3.61e-10 ≟ 3.61\times10^{-10}
2+3i ≟ 2 + 3 i
2+3i ≟ 2+3\cdot i
2+3i ≟ 3i+2
\frac12 ≟ \cos 60^\circ
\frac12 ≟ \sin(30^{\circ})
0.\overline{6} ≟ \frac23
\frac16 ≟ 0.1\overline{6}
[2,7) ≟ 2\le x<7
(2,7) ≟ 2<x<7
2<x<7 ≟ (2,7)
2<x<7 ≟ 7>x>2
[3,\infty) ≟ x\ge 3
x \in [-2,7] ≟ -2 \le x \le 7
(-\infty,2)\cup(2,\infty) ≟ x \ne 2
\emptyset ≟ \varnothing
\{\} ≟ \varnothing
\varnothing ≟ \{\}
-1 ≟ e^{i\pi}
10 ≟ \binom52
\frac{1}{3} E_{1}+\frac{2}{3} E_{2} ≟ \frac{E_1+2E_2}{3}
m_{p} c^{2}\left(\gamma^{2}-1\right) \sin ^{2} \theta ≟ c^2 m_p (\gamma^2-1)\sin^2\theta
19 ≟ \text{The answer is }19
19 ≟ \textcolor{blue}{19}
19 ≟ \mathbf{19}
19 ≟ **19**
19 ≟ "19"
19 ≟ {{19}}
\frac12 ≟ \FRAC{1}{2}
\frac{\sqrt{3}}{2} ≟ \frac{\sqrt3}{2}\,
\frac{\sqrt{3}}{2} ≟ {\frac{\sqrt3}{2}\!}
1011_2 ≟ 1011_{2}
1011_2 ≟ 1011_{\text{two}}
"""

# Golds of MATH-500, OlympiadBench and Minerva, with another spelling.
REAL_GOLDS = r"""
$-1$,$2$,$-2$ ≟ -2, -1, 2
$(-6,6)$, $(2,6)$ ≟ (2,6), (-6,6)
$(1,1), (3,2)$ ≟ \{(3,2),(1,1)\}
1 \pm \sqrt{19} ≟ 1+\sqrt{19}, 1-\sqrt{19}
$-(n-1) / 2$ ≟ \frac{1-n}{2}
$k=1$ ≟ 1
$\binom{2n}{n}$ ≟ \frac{(2n)!}{n!^2}
\frac{37}{4} m ≟ 9.25\text{ m}
np.arcsin(10/13) ≟ \arcsin\frac{10}{13}
\frac{1}{2}(\exp{a*t} + \exp{-a*t}) ≟ \cosh(at)
\frac{\cos (2 t)+\sin (2 t)}{4} ≟ \frac14\sin 2t+\frac14\cos 2t
x^{\prime}+\frac{r}{V} x-r c=0 ≟ x' + \frac{rx}{V} = rc
4210_{5} ≟ 4210_5
1,2 ≟ 1 \text{ and } 2
x=1,y=2 ≟ y=2, x=1
4 ≟ 2+2=4
12 ≟ Area = 12
\pm 5 ≟ x = 5 \text{ or } x = -5
(2,3) ≟ x=2, y=3
5 million ≟ 5,000,000
18 ≟ 18 apples
1200 ≟ 1,200\text{ cm}
1200 ≟ \$1,200
1200 ≟ 1,200 apples
1.2e3 ≟ 1,200
45\text{ mph} ≟ 45 miles per hour
12 ≟ A = 3\cdot 4 = 12
x_{0} \cos (\omega t)+ \dot{x}_{0} \sin (\omega t) / \omega ≟ \frac{\dot x_0}{\omega}\sin\omega t + x_0\cos\omega t
3e-8 ≟ 3e- 8
2^{1009} ≟ 2\cdot 2^{1008}
108,135 ≟ 108, 135
"""


@pytest.mark.parametrize("gold, answer", pairs(ACCEPTED + MISSED_BY_MATH_VERIFY + REAL_GOLDS))
def test_equal_without_an_algebra_system(gold, answer):
    assert settle(clean(gold.replace("$", "")), clean(answer)).correct is True


@pytest.mark.parametrize(
    "gold, answer",
    pairs(r"""
b \delta(t)+1-e^{-a t} ≟ 1-e^{-at}+b\delta(t)
$\left\lfloor\log _{2} n\right\rfloor+1$ ≟ 1+\lfloor\log_2 n\rfloor
"""),
)
def test_equal_by_the_algebra_system(gold, answer):
    outcome = Pool(size=1, deadline_s=PATIENT_S).ask(clean(gold), clean(answer))
    assert outcome == (True, "math_verify")


# ---------------------------------------------------------------------------------- different

# Section 3.3, which math-verify accepts; section 5's false positives; section 6.6's types; section 6.9's probes.
DIFFERENT = r"""
1011_2 ≟ 1011_3
0.00000004 ≟ 0.00000005
2.5\times 10^{-9} ≟ 5\times 10^{-9}
4\cdot10^{-8}x ≟ 5\cdot10^{-8}x
6\text{ cm}^2 ≟ 6\text{ cm}^3
5\text{ cm} ≟ 5\text{ kg}
5\text{ m} ≟ 5\text{ cm}
5\text{ m/s} ≟ 5\text{ m/s}^2
18\text{ dollars} ≟ 18\text{ euros}
\sin x ≟ \sin x1
12 ≟ 12 \text{ or } 13
12 ≟ 12 or 13
42 ≟ 42, 17
42 ≟ \{42, 43\}
42 ≟ 42 43
42 ≟ 42 \pm 1
42 ≟ 0.42
42 ≟ 4200
42 ≟ 24
42 ≟ 4 2
42 ≟ \text{any number}
42 ≟ x
30 ≟ 30.002
0.33 ≟ 1/3
1/3 ≟ 0.3333
1000000000000 ≟ 1000000000001
1234567890123456789012345 ≟ 1234567890123456789012346
\sqrt{2} ≟ 1.41
[1,3] ≟ (1,3)
[2,7) ≟ 2\le x\le 7
[2,7) ≟ 2<x<7
x>3 ≟ x<3
(1,2) ≟ (2,1)
\{1,2\} ≟ (1,2)
\{1,2\} ≟ \{1,2,3\}
1,2 ≟ 1
x=4 ≟ y=4
2x+y=3 ≟ y=3+2x
2+3i ≟ 2-3i
x+1 ≟ x+2
4 ≟ 3=4
1200 ≟ 1,201\text{ cm}
1200 ≟ 1, 200
1200 ≟ (1,200)
1,200 ≟ 1,300
4 ≟ x=4, y=5
\text{(A)} ≟ A or B
\text{(A)} ≟ (A) or (B)
5 ≟ 5 million
5 ≟ 5 or more
4 ≟ 2x=8
4 ≟ 2+2=5
x_{0} \cos (\omega t)+ \dot{x}_{0} \sin (\omega t) / \omega ≟ x_0\cos(\omega t)+x_0\sin(\omega t)/\omega
4210_{5} ≟ \sqrt{21}
\text{(C)} ≟ 62
x^2+y^2=1 ≟ 1
7 ≟ \begin{pmatrix}7\\7\end{pmatrix}
x^2+1 ≟ y^2+1
A ≟ B
\text{even} ≟ \text{odd}
\text{June} ≟ \text{June or July}
\begin{pmatrix}1\\2\end{pmatrix} ≟ \begin{pmatrix}1&2\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} ≟ \begin{pmatrix}2\\1\end{pmatrix}
\frac12 ≟ \cos 61^\circ
7 ≟ -7
"""


@pytest.mark.parametrize("gold, answer", pairs(DIFFERENT))
def test_different_without_an_algebra_system(gold, answer):
    assert settle(clean(gold), clean(answer)).correct is False


@pytest.mark.parametrize(
    "gold, answer",
    [
        ("I(0)", "0"),
        ("3", "x > 3"),
        ("|x|", "x"),
        ("42", "1/0"),
        ("42", "__import__('os').system('true')"),
    ],
)
def test_different_however_it_is_found(gold, answer):
    assert judge(gold, answer).correct is not True


def test_hedging_between_boxes_is_wrong():
    assert grade(r"\boxed{42} or \boxed{17}", "17") == (False, None, "hedged")
    assert grade(r"$\boxed{42}$ or $\boxed{17}$", "42").correct is False
    assert grade(r"\boxed{42} or \boxed{42}", "42").correct is True


@pytest.mark.parametrize("response", [r"\boxed{}", r"\boxed{ }", r"\boxed{42", "42", ""])
def test_no_answer_is_wrong(response):
    assert grade(response, "42").correct is False


def test_an_answer_that_is_taken_back_is_wrong():
    assert grade(r"\boxed{42}. No, it is \boxed{17}.", "42").correct is False


def test_the_question_in_the_box_is_wrong():
    question = r"What is $6\cdot 7$? Think step by step."
    assert grade(rf"\boxed{{{question}}}", "42").correct is not True


@pytest.mark.parametrize("gold", ["", " ", "$$"])
def test_a_gold_that_says_nothing_is_undecided(gold):
    assert judge(gold, "42") == (None, "42", "gold_unreadable")


# ---------------------------------------------------------------------------------- properties

INTEGERS = st.integers(-(10**40), 10**40)
FRACTIONS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**4)


@given(INTEGERS)
def test_an_integer_equals_itself_however_it_is_written(n):
    for text in (str(n), f"{n:,}", f"{n:,}".replace(",", "{,}"), f"{n}.0", f"x={n}", rf"{n}\%"):
        assert settle(clean(str(n)), clean(text)).correct is True


@given(INTEGERS, INTEGERS)
def test_integers_are_equal_only_when_they_are(a, b):
    assert settle(str(a), clean(f"{b:,}")).correct is (a == b)


@given(FRACTIONS, st.integers(1, 99))
def test_fractions_need_not_be_reduced(value, factor):
    above, below = value.numerator * factor, value.denominator * factor
    sign = "-" if above < 0 else ""
    for text in (
        f"{above}/{below}",
        rf"{sign}\frac{{{abs(above)}}}{{{below}}}",
        rf"\frac{{{above}}}{{{below}}}",
    ):
        assert settle(clean(f"{value}"), clean(text)).correct is True


@given(FRACTIONS, FRACTIONS)
def test_fractions_are_equal_only_when_they_are(a, b):
    gold, answer = (rf"\frac{{{x.numerator}}}{{{x.denominator}}}" for x in (a, b))
    assert settle(clean(gold), clean(answer)).correct is (a == b)


@given(st.decimals(min_value=-1000, max_value=1000, places=3), st.integers(-12, 12))
def test_scientific_notation_is_exact(mantissa, exponent):
    exact = Fraction(mantissa) * Fraction(10) ** exponent
    gold = f"{exact.numerator}/{exact.denominator}"
    for text in (f"{mantissa}e{exponent}", rf"{mantissa}\times 10^{{{exponent}}}"):
        assert settle(clean(gold), clean(text)).correct is True


@given(FRACTIONS.filter(bool))
def test_the_sign_counts(value):
    assert settle(clean(f"{value}"), clean(f"{-value}")).correct is False


@given(st.text(max_size=60))
def test_settling_is_total_on_any_text(text):
    assert settle("7", clean(text)).correct in (True, False, None)
    assert settle(clean(text), "7").correct in (True, False, None)


# ---------------------------------------------------------------------------------- bounded

PATHOLOGICAL = {
    "tower": "9^{9^{9^9}}", "tens": "10^{10^{10}}", "python": "9**9**9**9", "power": "2^{10^8}",
    "binomial": r"\binom{1000000000}{500000000}", "binomial of a power": r"\binom{10^9}{5\cdot 10^8}",
    "factorial": "1000000000!", "factorial of a power": "(10^9)!", "factorials": "5!!!!!!",
    "fractions": r"\frac{1}{1+" * 20 + "1" + "}" * 20, "digits": "9" * 200_000, "brackets": "(" * 20_000,
    "closed brackets": "(" * 10_000 + "1" + ")" * 10_000, "braces": "{" * 20_000 + "1" + "}" * 20_000,
    "display": r"\[" * 20_000, "words": "12 34 " * 10_000, "functions": r"\sin" * 500 + "x", "minus": "-" * 900 + "1",
    "roots": r"\sqrt{" * 100 + "2" + "}" * 100, "exponentials": "e^{e^{e^{100}}}", "commas": "1," * 499 + "1",
    "factorials in a row": "5" + "!" * 900, "carets": "x^" * 400 + "2", "slashes": "1/" * 200 + "2",
    "signs": r"\pm" * 300 + "1",
}  # fmt: skip


@pytest.mark.parametrize("answer", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_pathological_answers_are_settled_here_or_never_reach_sympy(answer):
    started = time.process_time()
    verdict = (
        grade(rf"\boxed{{{answer}}}", "7") if over_limit(answer) else settle("7", clean(answer))
    )
    assert time.process_time() - started < 1
    assert verdict.correct is False


RAW = {
    "unclosed boxes": r"\boxed{" * 20_000, "boxes": r"\boxed{1}" * 20_000, "words": "answer is " * 20_000,
    "marks": "#### " * 40_000, "blanks": r"\boxed{1}" + " " * 200_000 + r"or \boxed{2}", "lines": "\n" * 200_000,
    "bare boxes": r"\boxed " * 20_000, "or": r"\boxed{1} " + "or " * 60_000 + r"\boxed{2}", "stops": ". " * 100_000,
    "filler": "x" * 200_000 + r"\boxed{1}",
}  # fmt: skip


@pytest.mark.parametrize("fallbacks", [False, True])
@pytest.mark.parametrize("response", RAW.values(), ids=RAW)
def test_extraction_is_linear(response, fallbacks):
    started = time.process_time()
    assert grade(response, "7", fallbacks=fallbacks).correct is False
    assert time.process_time() - started < 1


def test_long_integers_are_compared_by_their_digits():
    digits = "9" * 200_000
    assert judge(digits, "0" + digits).correct is True
    assert judge(digits, digits[1:] + "8").correct is False


def test_a_batch_of_pairs():
    verdicts = grade_all([("1", r"\boxed{1}"), ("2", r"\boxed{1}"), ("3", "3")])
    assert [verdict.correct for verdict in verdicts] == [True, False, False]


# ---------------------------------------------------------------------------------- the command


def score(path, out, *more):
    command = [sys.executable, "-m", "eval.score", "answers", str(path), "--out", str(out), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def write(path, *rows):
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_pairs_from_a_file(tmp_path):
    rows = [
        {"gold": "18", "prediction": r"so \boxed{18}", "other": "not read"},
        {"gold": "18", "prediction": "17"},
        {"gold": r"\text{June}", "prediction": "June"},
        {"gold": "18", "prediction": "work\n#### 18"},
        {"gold": "$$", "prediction": "18"},
        {"gold": " ", "prediction": "18"},
        {"gold": 18, "prediction": r"<think>\boxed{17}</think>\boxed{18}"},
        {"gold": "18", "prediction": r"<think>\boxed{18}"},
    ]
    done = score(write(tmp_path / "pairs.jsonl", *rows), tmp_path / "graded.jsonl")
    assert done.returncode == 0, done.stderr
    graded = [json.loads(line) for line in (tmp_path / "graded.jsonl").read_text().splitlines()]
    assert graded == [
        {"correct": True, "extracted": "18", "method": "identical"},
        {"correct": False, "extracted": "17", "method": "bare/number"},
        {"correct": True, "extracted": "June", "method": "bare/text"},
        {"correct": True, "extracted": "18", "method": "hash/identical"},
        {"correct": None, "extracted": "18", "method": "bare/gold_unreadable"},
        {"correct": None, "extracted": "18", "method": "bare/gold_unreadable"},
        {"correct": True, "extracted": "18", "method": "identical"},
        {"correct": False, "extracted": None, "method": "no_box"},
    ]


@pytest.mark.parametrize(
    "row, said",
    [
        ("{", "not JSON"),
        ({"gold": "18"}, "missing key 'prediction'"),
        ({"gold": ["18"], "prediction": "18"}, "gold"),
        ({"gold": "18", "prediction": None}, "prediction"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(tmp_path, row, said):
    path = write(tmp_path / "pairs.jsonl", {"gold": "1", "prediction": "1"}, row)
    done = score(path, tmp_path / "graded.jsonl")
    assert done.returncode == 2
    assert f"error: {path}:2: " in done.stderr
    assert said in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["pairs.jsonl"]


def test_a_missing_file_is_one_line(tmp_path):
    done = score(tmp_path / "nowhere.jsonl", tmp_path / "graded.jsonl")
    assert done.returncode == 2
    assert "nowhere.jsonl: no such file" in done.stderr
