r"""Units: split from a value, read into dimensions and a factor, and compared when both sides print them.

`5\text{ cm}` equals 5, 0.05\text{ m} and `5 cm`; it is neither `5\text{ cm}^2` nor `5\text{ kg}`. Words that are no units
(`5\text{ apples}`) are dropped.
"""

import re
from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """Dimensions as sorted (base, exponent) pairs, and how many of the base units it is. None where it is no unit."""

    dimensions: tuple[tuple[str, int], ...]
    factor: Fraction


def _table(rows: str) -> dict[str, tuple[str, int, Fraction]]:
    """Rows `base exponent: name[/name]=factor ...`."""
    found = {}
    for row in rows.strip().splitlines():
        head, _, units = row.partition(":")
        base, exponent = head.split()
        for unit in units.split():
            names, _, factor = unit.partition("=")
            for name in names.split("/"):
                found[name] = (base, int(exponent), Fraction(factor))
    return found


_UNITS = _table("""
length 1: m/meter/meters/metre/metres=1 cm/centimeter/centimeters/centimetre/centimetres=0.01 mm/millimeter/millimeters=0.001
length 1: km/kilometer/kilometers/kilometre/kilometres=1000 nm/nanometer/nanometers=1e-9 um/micron/microns=1e-6 dm=0.1
length 1: in/inch/inches=0.0254 ft/foot/feet=0.3048 yd/yard/yards=0.9144 mi/mile/miles=1609.344
time 1: s/sec/secs/second/seconds=1 ms/millisecond/milliseconds=0.001 min/mins/minute/minutes=60 h/hr/hrs/hour/hours=3600
time 1: day/days=86400 week/weeks=604800
months 1: month/months=1 year/years/yr/yrs=12
mass 1: g/gram/grams=1 kg/kilogram/kilograms=1000 mg/milligram/milligrams=0.001 ton/tons/tonne/tonnes=1000000
mass 1: lb/lbs/pound/pounds=453.59237 oz/ounce/ounces=28.349523125
length 3: L/l/liter/liters/litre/litres=0.001 mL/ml/milliliter/milliliters=0.000001
money 1: dollar/dollars/USD/usd=1 cent/cents=0.01
euro 1: euro/euros/EUR=1
pound 1: GBP=1
yen 1: yen/JPY=1
angle 1: degree/degrees/deg=1
radian 1: rad/radian/radians=1
energy 1: J/joule/joules=1 kJ=1000 MJ=1000000
electronvolt 1: eV=1 keV=1000 MeV=1000000 GeV=1000000000
force 1: N/newton/newtons=1 kN=1000
power 1: W/watt/watts=1 kW=1000 MW=1000000
pressure 1: Pa/pascal/pascals=1 kPa=1000 MPa=1000000 GPa=1000000000
frequency 1: Hz/hertz=1 kHz=1000 MHz=1000000 GHz=1000000000
voltage 1: V/volt/volts=1
current 1: A/amp/amps/ampere/amperes=1
temperature 1: K/kelvin=1
amount 1: mol/mole/moles=1
unit 1: unit/units=1
""")
_SYMBOLS = {
    "\\$": "dollar",
    "$": "dollar",
    "€": "euro",
    "£": "GBP",
    "¥": "yen",
    "^\\circ": "degree",
}
_COMPOUND = {"mph": "miles/hour", "kph": "km/hour", "kmh": "km/h", "gal": ""}
_MODIFIERS = ("square", "cubic", "sq", "cu", *_COMPOUND)
_CURRENCY = re.compile(r"(-?)\s?(\\\$|[€£¥])\s?(?=[\d.\\])")
# A tail of texts, exponents, slashes and dots; or, without \text, a blank or a digit and words.
_TEXT_TAIL = re.compile(
    r"(?:\s?(?:\\text\s?\{[^{}]*\}|\^\\circ|\\cdot|[/*]|\^\s?\{?-?\d\}?(?!\d)|°|\\\$|€|£))+$"
)
_WORD_TAIL = re.compile(
    r"(?<=[\d}) ])\s?[A-Za-z]+(?:\^\{?\d\}?)?(?:(?:\s?/\s?|\s)[A-Za-z]+(?:\^\{?\d\}?)?)*$"
)
_WORD = re.compile(r"[A-Za-z]+")
_JOINS = re.compile(
    r"\b(?:or|and|not|to|hundred|thousand|million|billion|trillion|more|less|than|least|most)\b|\d"
)
_NUMERAL = re.compile(r"-?[\d.,]*\d")
_PIECE = re.compile(r"[A-Za-z]+|\^\s?\{?\s?-?\d\s?\}?|/|\bper\b")


def split(text: str) -> tuple[str, Unit | None]:
    """The value's text and its unit; None without one. Not split: texts that are no tail of a value."""
    currency = _CURRENCY.match(text)
    if currency:
        value, _ = split(currency.group(1) + text[currency.end() :])
        return value, read(_SYMBOLS[currency.group(2)])
    tail = _tail(text)
    if tail is None:
        return text, None
    value = text[: len(text) - len(tail)].strip()
    return (value, read(tail)) if value else (text, None)


def _tail(text: str) -> str | None:
    start = max(0, len(text) - 80)
    at = text.find("\\text", start)
    for found in _starts(text, start, at):
        if _TEXT_TAIL.match(text, found) and not _JOINS.search(
            re.sub(r"\^\s?\{?-?\d", "", text[found:])
        ):
            return text[found:]
    words = _WORD_TAIL.search(text, start)
    if words:
        names = [word for word in _WORD.findall(words.group()) if word != "per"]
        known = all(name in _UNITS or name in _MODIFIERS for name in names)
        # `5 m` may be five times m; `5 m/s` and `5 cm` are not. After a numeral, words that are no units are dropped.
        if known and (len(names[0]) > 1 or "/" in words.group()):
            return words.group()
        plain = _NUMERAL.fullmatch(text[: words.start()].strip()) and words.group()[0] == " "
        if plain and all(len(name) > 2 for name in names) and not _JOINS.search(words.group()):
            return words.group()
    return None


def _starts(text: str, start: int, at: int) -> list[int]:
    degree = text.find("^\\circ", start)
    euro = min((i for i in (text.find(c, start) for c in "€£") if i > 0), default=-1)
    dollar = text.find("\\$", start)
    return sorted(i for i in (at, degree, euro, dollar) if i > 0)


def read(text: str) -> Unit | None:
    """The unit that a tail prints; None where a word in it is no unit."""
    for symbol, name in _SYMBOLS.items():
        text = text.replace(symbol, f" {name} ")
    text = re.sub(
        r"\\text|\\cdot|\^\{(-?\d)\}", lambda m: f"^{m.group(1)}" if m.group(1) else " ", text
    )
    for short, long in _COMPOUND.items():
        text = re.sub(rf"\b{short}\b", long, text)
    dimensions: dict[str, int] = {}
    factor, sign, pending, last = Fraction(1), 1, 1, None
    for piece in _PIECE.findall(text):
        if piece in ("/", "per"):
            sign, last = -1, None
        elif piece in ("square", "sq", "cubic", "cu"):
            pending = 2 if piece.startswith("sq") else 3
        elif piece in ("squared", "cubed") or piece.startswith("^"):
            if last is None:
                return None
            power = {"squared": 2, "cubed": 3}.get(piece) or int(piece.strip("^{} "))
            base, exponent, size = last
            dimensions[base] += exponent * (power - 1) * sign
            factor *= size ** ((power - 1) * sign)
        elif piece in _UNITS:
            last = _UNITS[piece]
            base, exponent, size = last
            dimensions[base] = dimensions.get(base, 0) + exponent * pending * sign
            factor *= size ** (pending * sign)
            pending = 1
        else:
            return None
    kept = tuple(sorted((base, n) for base, n in dimensions.items() if n))
    return Unit(kept, factor) if kept else None


def ratio(gold: Unit | None, answer: Unit | None) -> Fraction | None:
    """How many gold units an answer's unit is: 1 where only one side prints any. None when the dimensions differ."""
    if gold is None or answer is None:
        return Fraction(1)
    if gold.dimensions == answer.dimensions:
        return answer.factor / gold.factor
    # `12 square units` names a dimension's exponent and no unit.
    for one, other in ((gold, answer), (answer, gold)):
        if [base for base, _ in one.dimensions] == ["unit"]:
            generic = [n for _, n in one.dimensions] == [
                n for b, n in other.dimensions if b == "length"
            ]
            return Fraction(1) if generic else None
    return None
