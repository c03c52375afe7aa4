"""The units that are told apart: their dimensions, and how many base units one of them is.

Factors are exact (SI brochure, 9th edition; the international yard and pound of 1959). Base units: metre, gram, second,
ampere, mole, month (of no fixed length in seconds), and one for each scale that has no exact factor to another one.
"""

from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """Dimensions as sorted (base, exponent) pairs, and how many of the base units it is."""

    dimensions: tuple[tuple[str, int], ...]
    factor: Fraction


# `dimensions: name/name=factor ...`; `*` takes the symbols of the SI prefixes, `+` their names.
_ROWS = """
length: *m/+meter/+meters/+metre/+metres=1 micron/microns=1e-6 in/inch/inches=0.0254 ft/foot/feet=0.3048
length: yd/yard/yards=0.9144 mi/mile/miles=1609.344 furlong/furlongs=201.168 fathom/fathoms=1.8288 nmi=1852
length: angstrom/angstroms=1e-10 lightyear/lightyears=9460730472580800
time: *s/sec/secs/+second/+seconds=1 min/mins/minute/minutes=60 h/hr/hrs/hour/hours=3600 day/days=86400
time: week/weeks=604800 fortnight/fortnights=1209600
months: month/months=1 year/years/yr/yrs=12 decade/decades=120 century/centuries=1200
mass: *g/+gram/+grams=1 ton/tons/tonne/tonnes=1000000 lb/lbs/pound/pounds=453.59237 oz/ounce/ounces=28.349523125
length 3: *L/*l/+liter/+liters/+litre/+litres=0.001 gal/gallon/gallons=0.003785411784 quart/quarts=0.000946352946
length 3: pint/pints=0.000473176473 cup/cups=0.0002365882365 cc=1e-6
length 2: hectare/hectares/ha=10000 acre/acres=4046.8564224
length -3 amount: M/molar=1000
money: dollar/dollars/USD/usd/buck/bucks=1 cent/cents/penny/pennies=0.01 nickel/nickels=0.05 dime/dimes=0.1
euro: euro/euros/EUR=1
pound: GBP=1 pence=0.01
yen: yen/JPY=1
rupee: rupee/rupees/INR=1
yuan: yuan/RMB/CNY=1
angle: degree/degrees/deg=1
radian: rad/radian/radians=1
turn: revolution/revolutions/rev/revs/turn/turns=1
kelvin: *K/kelvin/kelvins=1
celsius: celsius/Celsius/centigrade=1
fahrenheit: fahrenheit/Fahrenheit=1
mass length 2 time -2: *J/+joule/+joules=1000 *Wh=3600000 *cal/+calorie/+calories=4184
mass length 2 time -2: *eV/+electronvolt/+electronvolts=1.602176634e-16
mass length time -2: *N/+newton/+newtons=1000
mass length 2 time -3: *W/+watt/+watts=1000
mass length -1 time -2: *Pa/+pascal/+pascals=1000 bar/bars=100000000 atm=101325000
mass length 2 time -3 current -1: *V/+volt/+volts=1000
mass length 2 time -3 current -2: *ohm/+ohms=1000
time -1: *Hz/+hertz=1
current: *A/+ampere/+amperes/amp/amps=1
current time: *C/+coulomb/+coulombs=1
mass -1 length -2 time 4 current 2: *F/+farad/+farads=0.001
mass time -2 current -1: *T/+tesla/+teslas=1000
mass length 2 time -2 current -1: *Wb/+weber/+webers=1000
mass length 2 time -2 current -2: *H/+henry/+henries=1000
amount: *mol/+mole/+moles=1
information: bit/bits=1 byte/bytes=8 KB/kB/kilobyte/kilobytes=8000 MB/megabyte/megabytes=8000000
information: GB/gigabyte/gigabytes=8000000000
count: dozen/dozens=12
unit: unit/units=1
"""
_SYMBOLS = {"p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1, "k": 3, "M": 6, "G": 9, "T": 12}
_NAMES = {"pico": -12, "nano": -9, "micro": -6, "milli": -3, "centi": -2, "deci": -1, "kilo": 3, "mega": 6, "giga": 9,
          "tera": 12}  # fmt: skip


def _dimensions(text: str) -> tuple[tuple[str, int], ...]:
    """`mass length 2` is mass¹ length²."""
    found: dict[str, int] = {}
    base = ""
    for word in text.split():
        if word.lstrip("-").isdigit():
            found[base] = int(word)
        else:
            base = word
            found[base] = 1
    return tuple(sorted(found.items()))


def _table() -> dict[str, Unit]:
    plain: dict[str, Unit] = {}
    prefixed: dict[str, Unit] = {}
    for row in _ROWS.strip().splitlines():
        head, _, units = row.partition(":")
        dimensions = _dimensions(head)
        for unit in units.split():
            names, _, size = unit.partition("=")
            for name in names.split("/"):
                bare, factor = name.lstrip("*+"), Fraction(size)
                plain[bare] = Unit(dimensions, factor)
                prefixes = {"*": _SYMBOLS, "+": _NAMES}.get(name[0], {})
                for prefix, exponent in prefixes.items():
                    prefixed[prefix + bare] = Unit(dimensions, factor * Fraction(10) ** exponent)
    # `min` is a minute and `ft` a foot: no prefixed unit takes a name away.
    return prefixed | plain


UNITS = _table()
