r"""Classes of answers that are written in several ways. Pairs: `gold ≟ answer`, right ones, then the nearest wrong ones."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import grade
from data.answers.clean import clean
from data.answers.settle import settle

# class: the right spellings, then the wrong ones
RIGHT = r"""
110_2 ≟ (110)_{2}
110_2 ≟ \text{110}_{\text{two}}
110_2 ≟ 110 \text{ base } 2
11010010_2 ≟ 1101\,0010_2
5C_{16} ≟ 5\mathrm{c}_{16}
13 ≟ \text{13}
13 ≟ \textbf{13}
Yes ≟ \text{Yes}
Yes ≟ \textbf{YES}
No ≟ \text{No}
Bob ≟ \text{Bob}
4080 ≟ 4080 \, \AA
4080 \AA ≟ 408 \text{ nm}
13 ≟ \text{13 marbles}
13 ≟ \text{thirteen}
13 ≟ \text{Total} = 13
13 ≟ \hphantom{0}13
13 ≟ \text{the year } 13
4\text{ weeks} ≟ \text{four weeks}
[-4,4] ≟ |x|\le 4
(-1,7) ≟ |x-3|<4
(-\infty,-4)\cup(4,\infty) ≟ |t| > 4
(3,9] ≟ ]3,9]
(3,9] ≟ \{x \mid 3<x\le 9\}
(3,9] ≟ x>3 \text{ and } x\le 9
(3,9] ≟ x\le 9, x>3
(-\infty,1)\cup(6,\infty) ≟ \mathbb{R}\setminus[1,6]
(-\infty,1)\cup(6,\infty) ≟ x<1 \text{ or } x>6
(0,3)\cup(3,8) ≟ (0,8)\setminus\{3\}
(0,8) ≟ (0,5)\cup[4,8)
\mathbb{R} ≟ \text{all real numbers}
\{t \mid t \ge 5\} ≟ [5,\infty)
7.1e14 ≟ 7.1\text{E}14
7.1e14 ≟ 7.1×10¹⁴
5\sqrt{19} ≟ 5√19
\frac{4}{9} ≟ 4⁄9
\ln 6 ≟ \log_e 6
\begin{pmatrix}3\\-2\end{pmatrix} ≟ \begin{pmatrix}3\\[6pt]-2\end{pmatrix}
c - d ≟ -(d-c)
rst ≟ t s r
f(x)=5x-2 ≟ f(w)=5w-2
f(x)=5x ≟ f(x)=5x \text{ for all } x
8 ≟ |M| = 8
8 ≟ \langle X \rangle = 8
(4,1) ≟ (u,v)=(4,1)
2+7\mathrm{i} ≟ 2+7i
2+7i ≟ \overline{2-7i}
6\operatorname{cis} 60^\circ ≟ 3+3\sqrt3 i
12\text{ km/h} ≟ 12\,\frac{\text{km}}{\text{h}}
2\text{ kW} ≟ 2000\text{ W}
9\,\Omega ≟ 9\text{ ohms}
9 ≟ 9\,\Omega
20^\circ\text{C} ≟ 20\text{ degrees Celsius}
7 \text{ ft } 3\text{ in} ≟ 87\text{ inches}
1\text{ hour }20\text{ minutes} ≟ 80\text{ min}
\pounds 6 ≟ £6
64 ≟ \text{\$}64
\infty ≟ \text{infinity}
\emptyset ≟ \text{the empty set}
\{2,4,6,\ldots,12\} ≟ \{2,4,6,8,10,12\}
9:15 \text{ p.m.} ≟ 9:15 PM
9:15 \text{ p.m.} ≟ 21:15
8:05 ≟ 08{:}05
\text{August 9} ≟ \text{9th of August}
\text{August 9} ≟ \text{August } 9
28 ≟ C(8,2)
28 ≟ {8 \choose 6}
28 ≟ {}_8C_2
B,D ≟ \text{D and B}
\text{(D)} ≟ \text{Option D}
\text{cone} ≟ \text{The solid is a cone}
5:8 ≟ 5{:}8
5:8 ≟ 5\text{ to }8
1:3:4 ≟ 2:6:8
\langle 5,-6\rangle ≟ (5,-6)
60^\circ ≟ \frac{\pi}{3}
\frac{\pi}{3} ≟ 60^\circ
60^\circ ≟ \frac{\pi}{3}\text{ radians}
f'(t) ≟ f^{\prime}(t)
q'' ≟ q^{\prime\prime}
8\text{ feet} ≟ 8'
8\text{ feet }9\text{ inches} ≟ 8'9"
17 ≟ "17"
17 ≟ ``17''
17 ≟ 17."
\text{green} ≟ \text{`green'}
\lfloor t+1 \rfloor ≟ ⌊t⌋+1
\lceil k/2 \rceil ≟ \lfloor (k+1)/2 \rfloor
46 ≟ p+q+r = 46
46 ≟ 1000a-b = 46
46 ≟ uv = 46
46 ≟ |c-d| = 46
46 ≟ c+d = 20+26 = 46
46 ≟ c+d = 46\text{ cm}
46 ≟ \lfloor S \rfloor = 46
46 ≟ |w| = 46
46 ≟ \det M = 46
\frac{7}{9} ≟ \tan 3\alpha = \frac79
\frac{7}{9} ≟ \sin^2 B = \frac79
\frac{7}{9} ≟ \sin B + \cos B = \frac79
\frac{7}{9} ≟ \frac{p}{q} = \frac79
\frac{7}{9} ≟ P(\text{no ace}) = \frac79
\frac{7}{9} ≟ P(Y=3) = \frac79
\frac{p}{q} = \frac{7}{9} ≟ \frac79
6.31 ≟ \approx 6.31
6.31 ≟ \simeq\,6.31\text{ kg}
6.31 ≟ \text{roughly } 6.31
6.31 ≟ w = \text{around } 6.31
6.31 ≟ ≈ 6.31
8 ≟ \therefore a = 8
8 ≟ \Rightarrow 8
8 ≟ \text{Hence, } 8
8 ≟ \begin{aligned} a &= 8 \end{aligned}
8 ≟ \begin{align*} 8 \\ \end{align*}
8 ≟ \mathdollar 8
(5,2) ≟ \text{the point } (5,2)
A,C ≟ \text{A} \text{ and } \text{C}
-3+3\sqrt{3}i ≟ 6e^{i2\pi/3}
\sqrt{9 G \rho_1 R_1^2} ≟ 3 R_1\sqrt{G\rho_1}
"""
WRONG = r"""
110_2 ≟ (110)_{3}
110_2 ≟ (101)_{2}
110_2 ≟ 110 \text{ base } 4
5C_{16} ≟ 5\mathrm{d}_{16}
A_1 ≟ A_2
13 ≟ \text{14}
13 ≟ \text{13 or 14}
13 ≟ \text{13 is wrong}
13 ≟ \text{thirteen hundred}
13 ≟ \text{minus } 13
13 ≟ \text{at least } 13
4\text{ weeks} ≟ \text{four days}
3 ≟ \text{three quarters}
[-4,4] ≟ |x|<4
[-4,4] ≟ |x|\ge 4
(-1,7) ≟ |x+3|<4
(3,9] ≟ ]3,9[
(3,9] ≟ \{x \mid 3\le x\le 9\}
(3,9] ≟ x>3 \text{ or } x\le 9
(-\infty,1)\cup(6,\infty) ≟ \mathbb{R}\setminus(1,6)
(-\infty,1)\cup(6,\infty) ≟ x<1 \text{ and } x>6
(0,3)\cup(3,8) ≟ (0,8)
[5,\infty) ≟ [5,\infty]
x>3 ≟ y>3
\{t \mid t \ge 5\} ≟ (5,\infty)
7.1e14 ≟ 7.1\text{E}15
5\sqrt{19} ≟ 5√1·9
\ln 6 ≟ \log_2 6
\begin{pmatrix}3\\-2\end{pmatrix} ≟ \begin{pmatrix}3\\[6pt]2\end{pmatrix}
c - d ≟ d-c
rst ≟ r s
abc ≟ ABC
abc ≟ \text{ABC}
Yes ≟ \text{No}
No ≟ Yes
Bob ≟ \text{Rob}
x ≟ 2y-2
y=x+1 ≟ y'=2y
f(x)=5x-2 ≟ f(w)=5x-2
f(x)=5x ≟ f(x)=5x \text{ for } x>0
8 ≟ |x| = 8
8 ≟ \pi = 8
(4,1) ≟ (u,v)=(1,4)
2+7i ≟ \overline{2+7i}
6\operatorname{cis} 60^\circ ≟ 6\operatorname{cis} 30^\circ
12\text{ km/h} ≟ 12\,\frac{\text{km}}{\text{s}}
2\text{ kW} ≟ 2\text{ W}
2\text{ hours} ≟ 2\text{ apples}
9\,\Omega ≟ 9\text{ k}\Omega
20^\circ\text{C} ≟ 20^\circ\text{F}
20^\circ\text{C} ≟ 20\text{ K}
7 \text{ ft } 3\text{ in} ≟ 7 \text{ ft } 4\text{ in}
7 \text{ ft } 3\text{ in} ≟ 7\text{ ft}
1\text{ hour }20\text{ minutes} ≟ 1.2\text{ hours}
\pounds 6 ≟ \$6
15\% ≟ 15^\circ
15\% ≟ 15\text{ m}
15\% ≟ 15\text{ students}
\infty ≟ -\text{infinity}
\emptyset ≟ \{\emptyset\}
\{2,4,6,\ldots,12\} ≟ \{2,4,6,12\}
2,2,5 ≟ \{2,5\}
11{,}111 ≟ \{11,111\}
9:15 \text{ p.m.} ≟ 9:15 AM
9:15 \text{ p.m.} ≟ 9.15
12:00 ≟ 11:00
\text{August 9} ≟ \text{August } 8
\text{August 9} ≟ 9
28 ≟ C(8,3)
28 ≟ {}_8C_3
(8,2) ≟ C(8,2)
B,D ≟ \text{B or D}
B,D ≟ \text{B}
\text{(D)} ≟ \text{Option A}
\text{(A)} ≟ (a)(b)
\text{(B)} ≟ b x
\text{cone} ≟ \text{The solid is not a cone}
5:8 ≟ 8\text{ to }5
1:3:4 ≟ 1:3:5
3\text{ boys}, 4\text{ girls} ≟ 4\text{ boys}, 3\text{ girls}
\langle 5,-6\rangle ≟ (-6,5)
60^\circ ≟ \frac{\pi}{6}
60 ≟ \frac{\pi}{3}
\frac{\pi}{3} ≟ 60
60^\circ ≟ 60\text{ radians}
884736743 ≟ e^{\pi\sqrt{43}}-\frac{1}{5000}
640320^3+744 ≟ e^{\pi\sqrt{163}}
5 ≟ 5 \pmod 7
f(t) ≟ f'(t)
f'(t) ≟ f(t)
q ≟ q''
q ≟ q^{\prime}
q' ≟ q''
3x^2 ≟ (x^3)'
x^3 ≟ x^3'
PQ ≟ PQ'
72^\circ ≟ 72'
72^\circ ≟ 72″
72 ≟ 72^{\prime}
\$7 ≟ \$7'
n! ≟ n!'
8\text{ feet} ≟ 8"
8\text{ feet }9\text{ inches} ≟ 8'8"
17 ≟ "18"
\text{(B)} ≟ (B)'
\text{green} ≟ \text{`red'}
t ≟ \lfloor t \rfloor
t ≟ ⌈t⌉
k+2 ≟ \lfloor k+2 \rfloor
\lceil t/2 \rceil ≟ \lfloor (t+1)/2 \rfloor
46 ≟ p+q+r = 47
46 ≟ 3a = 46
46 ≟ a+9 = 46
46 ≟ a^2 = 46
46 ≟ a \cdot a = 46
46 ≟ |a| = 46
46 ≟ \sqrt{a} = 46
46 ≟ \log_2 a = 46
46 ≟ \lfloor a/3 \rfloor = 46
46 ≟ \frac{a}{3} = 46
46 ≟ \frac{a+1}{a-1} = 46
46 ≟ a+4a = 46
46 ≟ 2a+2b = 46
46 ≟ 2ab = 46
46 ≟ a+b-7 = 46
46 ≟ a^2+b^2 = 46
46 ≟ a+\sin a = 46
46 ≟ 2\sin a = 46
46 ≟ c+d = 46 = 47
46 ≟ c+d = 46e
46 ≟ 46 = c+d
46 ≟ |w| = -46
46\text{ V} ≟ 2u = 46\text{ V}
(4,6) ≟ t^2 = (4,6)
a+b = 46 ≟ 46
xy = 46 ≟ 46
\frac{y}{x} = 46 ≟ 46
\frac{p}{q} = \frac{7}{9} ≟ \frac97
\frac{7}{9} ≟ \cos\alpha = -\frac79
\frac{7}{9} ≟ P(Y=\frac79) = 1
6.31 ≟ \approx 6.32
6.31 ≟ \text{at least } 6.31
6.31 ≟ \text{about half of } 6.31
8 ≟ \therefore a = 9
8 ≟ \text{so not } 8
8 ≟ \begin{aligned} a &= 9 \end{aligned}
8 ≟ \mathdollar 9
(5,2) ≟ \text{the point } (2,5)
(5,2) ≟ \text{not the point } (5,2)
A,C ≟ \text{A} \text{ or } \text{C}
A,C ≟ \text{A} \text{ and } \text{D}
-3+3\sqrt{3}i ≟ 6e^{i4\pi/3}
\sqrt{9 G \rho_1 R_1^2} ≟ -3 R_1\sqrt{G\rho_1}
\sqrt{9 G \rho_1 R_1^2} ≟ 3 R_1\sqrt{G\rho_2}
"""


def pairs(table):
    return [tuple(line.strip().split(" ≟ ")) for line in table.splitlines() if line.strip()]


@pytest.mark.parametrize("gold, answer", pairs(RIGHT))
def test_other_spellings_are_equal(gold, answer):
    assert settle(clean(gold), clean(answer)).correct is True


@pytest.mark.parametrize("gold, answer", pairs(WRONG))
def test_the_nearest_wrong_answers_are_different(gold, answer):
    assert settle(clean(gold), clean(answer)).correct is False


# Left to the algebra system, which must not be asked what it would get wrong: undecided on a busy machine.
ASKED = r"""
f'(t) ≟ t f'
8 ≟ \begin{aligned} 8 \\ 9 \end{aligned}
\sqrt{(r_1-r_2)^2\rho} ≟ (r_2-r_1)\sqrt{\rho}
"""


@pytest.mark.parametrize("gold, answer", pairs(ASKED))
def test_wrong_answers_are_not_accepted_by_the_algebra_system(gold, answer):
    assert grade(rf"\boxed{{{answer}}}", gold).correct is not True


@pytest.mark.parametrize(
    "response, correct",
    [
        ("\\boxed\n{13}", True),
        ("\\boxed\n{14}", False),
        ("The answer is therefore 13.", True),
        ('"The answer is therefore 13"', True),
        ('The answer is therefore 13"', False),
        ("The answer is therefore 14.", False),
        ("I doubt that the answer is 13.", False),
        ("Suppose the answer is 13.", False),
        ("Is the answer 13? The answer is 13?", False),
    ],
)
def test_clauses_that_say_and_that_doubt(response, correct):
    assert grade(response, "13", fallbacks=True).correct is correct


# ---------------------------------------------------------------------------------- one change makes it wrong

DIGITS = st.integers(2, 10**6)
NONZERO = st.integers(1, 99)


def judged(gold, answer):
    return settle(clean(gold), clean(answer)).correct


@given(st.integers(2, 36), st.integers(2, 36), st.integers(10, 10**6))
def test_a_base_is_part_of_a_numeral(base, other, number):
    for spelling in (
        rf"({number})_{{{other}}}",
        rf"\text{{{number}}}_{other}",
        rf"{number} \text{{ base }} {other}",
    ):
        assert judged(f"{number}_{{{base}}}", spelling) is (base == other)


UNITS = (
    "cm",
    "m",
    "km",
    "kg",
    "g",
    "s",
    "hours",
    "minutes",
    "feet",
    "inches",
    "V",
    "mV",
    "W",
    "J",
    "K",
    "dollars",
)


@given(st.sampled_from(UNITS), st.sampled_from(UNITS), DIGITS)
def test_a_unit_is_part_of_an_amount(unit, other, number):
    assert judged(rf"{number}\text{{ {unit}}}", rf"{number}\text{{ {other}}}") is (unit == other)


@given(st.integers(0, 30), st.integers(1, 11), st.integers(0, 30), st.integers(1, 11))
def test_feet_and_inches_are_one_amount(feet, inches, other_feet, other_inches):
    gold = rf"{feet}\text{{ feet }}{inches}\text{{ inches}}"
    same = (feet, inches) == (other_feet, other_inches)
    assert judged(gold, rf"{other_feet}\text{{ ft }}{other_inches}\text{{ in}}") is same
    assert judged(gold, rf"{12 * other_feet + other_inches}\text{{ inches}}") is same


BRACKETS = st.tuples(st.sampled_from("(["), st.sampled_from(")]"))


@given(st.integers(-20, 20), NONZERO, BRACKETS, st.integers(-1, 1), st.integers(-1, 1), BRACKETS)
def test_ends_and_brackets_are_part_of_an_interval(low, length, ends, move_low, move_high, others):
    high = low + length
    gold = f"{ends[0]}{low},{high}{ends[1]}"
    signs = [r"\le" if end in "[]" else "<" for end in others]
    bounds = low + move_low, high + move_high
    same = ends == others and (move_low, move_high) == (0, 0)
    relation = rf"{bounds[0]} {signs[0]} x {signs[1]} {bounds[1]}"
    if bounds[0] < bounds[1]:
        for answer in (relation, rf"\{{x \mid {relation}\}}"):
            assert judged(gold, answer) is same


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59))
def test_a_clock_shows_one_time(hour, minute, other_hour, other_minute):
    gold = rf"{hour % 12 or 12}:{minute:02} \text{{ {'ap'[hour > 11]}.m.}}"
    same = (hour, minute) == (other_hour, other_minute)
    named = f"{other_hour % 12 or 12}:{other_minute:02} {'AP'[other_hour > 11]}M"
    assert judged(gold, named) is same


@given(st.integers(1, 719), st.integers(1, 719))
def test_degrees_are_a_multiple_of_pi(degrees, other):
    turn = Fraction(other, 180)
    radians = rf"\frac{{{turn.numerator}\pi}}{{{turn.denominator}}}"
    assert judged(rf"{degrees}^\circ", radians) is (degrees == other)
    assert judged(radians, rf"{degrees}^\circ") is (degrees == other)


@given(st.integers(1, 12), st.integers(1, 12), DIGITS)
def test_a_sum_of_two_symbols_is_asked_for_unless_it_is_scaled(a, b, number):
    coprime = Fraction(a, b).denominator == b
    assert judged(str(number), rf"{a}m+{b}n = {number}") is coprime
    assert judged(str(number), rf"{a}m+{b}n = {number + 1}") is False


@given(DIGITS, st.integers(0, 3))
def test_one_symbol_scaled_or_shifted_is_an_equation(number, shift):
    for left in (
        f"{shift + 2}x",
        f"x+{shift + 1}",
        f"x^{shift + 2}",
        rf"\frac{{x}}{{{shift + 2}}}",
    ):
        assert judged(str(number), f"{left} = {number}") is False


@given(st.sampled_from(["x", "y_1", r"\theta", "g(x)", "(x+y)", "x^2", "AB"]), st.integers(1, 3))
def test_a_prime_is_part_of_an_answer(name, order):
    assert judged(name, name + "'" * order) is not True
    assert judged(name + "'" * order, name) is not True


LINEAR = st.tuples(*[st.integers(-9, 9)] * 3)


@given(LINEAR, LINEAR)
def test_linear_expressions_of_two_symbols_are_equal_only_when_they_are(one, other):
    gold, answer = (f"({a})x+({b})y+({c})" for a, b, c in (one, other))
    assert judged(gold, answer) is (one == other)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_ratios_are_equal_up_to_a_factor(a, b, c, d):
    assert judged(f"{a}:{b}", rf"{c}\text{{ to }}{d}") is (a * d == b * c)


LONG = {
    "braces": r"\text{" * 300, "frac": r"\frac{\text{" * 100, "choose": "{1" * 300 + r"\choose",
    "or": r" \text{ or } x<1" * 60, "setminus": r"\mathbb{R}\setminus" * 50, "bars": "|x" * 400,
    "colons": "1:" * 400 + "1", "dots": r"1,2,\ldots," * 60 + "9", "units": "5 m " * 240, "mixed": "1 h " * 30,
    "months": "May " * 200, "builder": r"\{x \mid " * 100, "bases": "1_" * 400, "raised": "²" * 900,
    "cups": r"[0,1]\cup" * 90 + "[0,1]", "aligned": r"\begin{aligned}" * 60,
    "primes": "x'" * 450, "quotes": "\"" * 900, "approx": r"\approx" * 140, "sums": "a+b" * 300 + "=5", "P": "P(" * 400,
    "bars over": r"\overline{" * 90 + "i" + "}" * 90,
}  # fmt: skip


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_answers_are_settled_quickly_and_nothing_is_raised(text):
    started = time.process_time()
    for gold in ("7", r"\mathbb{R}", r"5\text{ cm}", "1011_2", r"\{x \mid x>1\}"):
        settle(clean(gold), clean(text))
        settle(clean(text), clean(gold))
    assert time.process_time() - started < 1


LATEX = r"""
\text{ \frac \{ \} { } ( ) [ ] , ; : _ ^ | < > \le \mid \setminus \cup \mathbb{R} x 1 23 .5 % $ \$ £ ^\circ \Omega \pi i cm
hours a.m. and or base \ldots \choose C( \langle \rangle = - + ' \pm \infty \sqrt √ ⁄ ² ₁ July \log_e cis to
'' " ` \prime \lfloor \rfloor \approx \sim \therefore \begin{aligned} \end{aligned} | z \det P(
"""
PIECES = st.sampled_from([*LATEX.split(), r"\text{ to }", r"\text{ and }"])


@given(st.lists(PIECES, max_size=14), st.lists(PIECES, max_size=14))
def test_settling_is_total_on_pieces_of_latex(gold, answer):
    one, other = clean(" ".join(gold)), clean("".join(answer))
    assert settle(one, other).correct in (True, False, None)
    assert settle(one, one).correct is True
