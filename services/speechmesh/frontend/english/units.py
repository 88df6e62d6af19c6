"""Units of measurement: what their symbols are called, and how a unit is recognised after a number."""

from __future__ import annotations

import re
from typing import NamedTuple


class Unit(NamedTuple):
    """The names of a unit; ``attached`` marks symbols read as a unit only right after the number."""

    one: str
    many: str
    attached: bool = False


def _regular(names: dict[str, str], *, attached: bool = False) -> dict[str, Unit]:
    return {symbol: Unit(name, name + "s", attached) for symbol, name in names.items()}


def _fixed(names: dict[str, str]) -> dict[str, Unit]:
    return {symbol: Unit(name, name) for symbol, name in names.items()}


_PREFIXED = {
    "m": ("meter", "k c m μ n d"), "g": ("gram", "k m μ n"), "W": ("watt", "k M G T m"),
    "V": ("volt", "k m μ M"), "Hz": ("hertz", "k M G T m"), "J": ("joule", "k M G m"),
    "Pa": ("pascal", "k M G h m"), "L": ("liter", "m c d μ"), "l": ("liter", "m c d"),
    "eV": ("electron volt", "k M G T m"), "Wh": ("watt hour", "k M G T m"), "B": ("byte", "k K M G T P E"),
    "bit": ("bit", "k K M G T"), "bps": ("bit per second", "k K M G T"), "b": ("bit", "K M G T"),
    "s": ("second", "m μ n p"), "A": ("amp", "m μ k"), "Ah": ("amp hour", "m"), "F": ("farad", "m μ n p"),
    "Ω": ("ohm", "k M m"), "mol": ("mole", "m μ n"), "cal": ("calorie", "k"), "N": ("newton", "k m M"),
    "iB": ("", ""), "t": ("ton", "k M"), "Nm": ("newton meter", "k m"),
}  # fmt: skip
_PREFIXES = {
    "k": "kilo", "K": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta", "E": "exa", "c": "centi",
    "d": "deci", "m": "milli", "μ": "micro", "n": "nano", "p": "pico", "h": "hecto",
}  # fmt: skip


def _prefixed_units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for symbol, (name, prefixes) in _PREFIXED.items():
        for prefix in prefixes.split():
            units[prefix + symbol] = _counted(_PREFIXES[prefix] + name)
    return units


def _counted(name: str) -> Unit:
    """Make the plural: of "bit per second" the first word takes it, "hertz" has none."""
    head, per, rest = name.partition(" per ")
    many = head if head.endswith("hertz") else head + "s"
    return Unit(name, many + per + rest)


def _products() -> dict[str, Unit]:
    """Units that are a product of two: "N·m", "J·s"; the sign is folded into a hyphen or a cross."""
    left = {
        "N": "newton",
        "kN": "kilonewton",
        "J": "joule",
        "Pa": "pascal",
        "mPa": "millipascal",
        "W": "watt",
    }
    right = {"m": "meter", "s": "second", "h": "hour"}
    return {
        f"{one}{sign}{other}": Unit(f"{name} {other_name}", f"{name} {other_name}s")
        for one, name in left.items()
        for other, other_name in right.items()
        for sign in "-×"
    }


UNITS: dict[str, Unit] = {
    **_prefixed_units(),
    **_regular({
        "Hz": "hertz", "lb": "pound", "lbs": "pound", "oz": "ounce", "yd": "yard", "yds": "yard", "mi": "mile",
        "gal": "gallon", "qt": "quart", "pt": "point", "pts": "point",
        "px": "pixel", "hr": "hour", "hrs": "hour", "sec": "second",
        "secs": "second", "min": "minute", "mins": "minute", "mo": "month", "mos": "month", "mth": "month",
        "mths": "month",
        "inn": "inning", "nt": "night", "nts": "night", "yr": "year",
        "yrs": "year", "wk": "week", "wks": "week", "ha": "hectare", "cal": "calorie", "mol": "mole", "Pa": "pascal",
        "dB": "decibel", "dBA": "decibel", "Ω": "ohm", "μm": "micron", "mcg": "microgram", "tsp": "teaspoon",
        "tbsp": "tablespoon", "Tsp": "teaspoon",
        "Tbsp": "tablespoon", "kt": "knot", "kn": "knot", "kts": "knot", "Wh": "watt hour", "eV": "electron volt",
        "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte", "kilo": "kilo",
        "acre": "acre", "ac": "acre",
        "blk": "block", "blks": "block", "tsps": "teaspoon", "tbsps": "tablespoon", "Tbsps": "tablespoon",
        "ly": "light year", "AU": "astronomical unit", "hp": "horsepower", "cd": "candela", "lm": "lumen",
        "lx": "lux", "Gy": "gray", "atm": "atmosphere", "Nm": "newton meter", "Bq": "becquerel", "mph": "mile per hour",
    }),
    **_regular({
        "m": "meter", "g": "gram", "L": "liter", "l": "liter", "s": "second", "h": "hour", "t": "ton", "d": "day",
        "W": "watt", "V": "volt", "J": "joule",
    }),
    **_regular({"pc": "piece", "pcs": "piece"}),
    **_regular({"A": "amp", "y": "year"}, attached=True),
    **_fixed({
        "doz": "dozen",
        "%": "percent", "cc": "C C", "‰": "per mille", "rpm": "R P M", "RPM": "R P M", "ppm": "parts per million",
        "ppb": "parts per billion", "dpi": "D P I", "ppi": "P P I", "psi": "P S I", "PSI": "P S I",
        "fps": "frames per second", "FPS": "frames per second", "bpm": "beats per minute",
        "BPM": "beats per minute", "MPG": "miles per gallon", "mpg": "miles per gallon", "Hz": "hertz",
        "hp": "horsepower", "lx": "lux", "pH": "P H", "K": "kelvin", "mM": "millimolar", "μM": "micromolar",
        "nM": "nanomolar", "pM": "picomolar", "wt%": "weight percent", "vol%": "volume percent",
        "mol%": "mole percent",
    }),
    **dict.fromkeys(("lb-ft", "lbs-ft"), Unit("pound foot", "pound feet")),
    **dict.fromkeys(("lb-in", "lbs-in"), Unit("pound inch", "pound inches")),
    **dict.fromkeys(("ft-lb", "ft-lbs"), Unit("foot pound", "foot pounds")),
    **dict.fromkeys(("in-lb", "in-lbs"), Unit("inch pound", "inch pounds")),
    "ft": Unit("foot", "feet"), "in": Unit("inch", "inches"), "in.": Unit("inch", "inches"),
    "pp.": Unit("page", "pages"),
    "mph": Unit("mile per hour", "miles per hour"), "MPH": Unit("mile per hour", "miles per hour"),
    "kph": Unit("kilometer per hour", "kilometers per hour"), "kmh": Unit("kilometer per hour", "kilometers per hour"),
    "bps": Unit("bit per second", "bits per second"), "bp": Unit("basis point", "basis points"),
    "bps.": Unit("basis point", "basis points"), "mcg": Unit("microgram", "micrograms"),
    "sqft": Unit("square foot", "square feet"), "sqm": Unit("square meter", "square meters"),
    "μm": Unit("micrometer", "micrometers"), "nmi": Unit("nautical mile", "nautical miles"),
    "°C": Unit("degree celsius", "degrees celsius"), "°F": Unit("degree fahrenheit", "degrees fahrenheit"),
    "°K": Unit("degree kelvin", "degrees kelvin"), "°": Unit("degree", "degrees"),
    "°N": Unit("degree north", "degrees north"), "°S": Unit("degree south", "degrees south"),
    "°E": Unit("degree east", "degrees east"), "°W": Unit("degree west", "degrees west"),
    "dBm": Unit("decibel milliwatt", "decibel milliwatts"), "mmHg": Unit("millimeter of mercury",
    "millimeters of mercury"), "kgs": Unit("kilogram", "kilograms"), "kms": Unit("kilometer", "kilometers"),
    "KG": Unit("kilogram", "kilograms"), "Kg": Unit("kilogram", "kilograms"), "KM": Unit("kilometer", "kilometers"),
    "Km": Unit("kilometer", "kilometers"), "khz": Unit("kilohertz", "kilohertz"), "ghz": Unit("gigahertz", "gigahertz"),
    "mhz": Unit("megahertz", "megahertz"), "hz": Unit("hertz", "hertz"), "gb": Unit("gigabyte", "gigabytes"),
    "mb": Unit("megabyte", "megabytes"), "kb": Unit("kilobyte", "kilobytes"), "tb": Unit("terabyte", "terabytes"),
    "bar": Unit("bar", "bar"), "dB": Unit("decibel", "decibels"), "db": Unit("decibel", "decibels"),
    "mEq": Unit("milliequivalent", "milliequivalents"), "IU": Unit("international unit", "international units"),
    "mIU": Unit("milli international unit", "milli international units"), "VAC": Unit("volt A C", "volts A C"),
    "VDC": Unit("volt D C", "volts D C"), "Mly": Unit("million light years", "million light years"),
    "MWe": Unit("megawatt electric", "megawatts electric"), "GWe": Unit("gigawatt electric", "gigawatts electric"),
    **_products(), "ml": Unit("milliliter", "milliliters"), "ML": Unit("milliliter", "milliliters"),
}  # fmt: skip


def _names() -> dict[str, Unit]:
    """The units by their names, of one and of many; those that are said as letters ("R P M") have none."""
    units = [*UNITS.values(), Unit("cup", "cups"), Unit("pint", "pints")]
    british = [Unit(_british(unit.one), _british(unit.many)) for unit in units]
    return {name: unit for unit in [*british, *units] for name in (unit.one, unit.many) if name.islower()}


def _british(name: str) -> str:
    return re.sub("(met|lit)er", r"\1re", name)


NAMES = _names()
"""Each unit by its name, in the singular and in the plural."""

_POWERS = {"²": "square", "2": "square", "³": "cubic", "3": "cubic"}
_SPELLED_POWERS = {"sq": "square", "cu": "cubic"}
_SYMBOL = (
    r"(?:°\ ?[CFKNSEW]?|pp\.|lbs?-(?:ft|in)|(?:ft|in)-lbs?|(?:wt|vol|mol)\ ?%|(?:[kK]?N|m?Pa|J|W)[-×][msh]"
    r"|[A-Za-zμΩ]{1,4}|[%‰])"
)
_UNIT = re.compile(
    rf"(?P<space>[ \n-]?)(?:(?P<spelled>sq|cu)\.?\ )?(?P<symbol>{_SYMBOL})(?P<power>[²³]|[23](?=[\s.,;:)/]|$))?"
    rf"(?:\ ?/\ ?(?P<per>[A-Za-zμ°]{{1,8}})(?P<per_power>[²³]|(?<=[ms])[23](?=[\s.,;:)]|$))?)?"
    r"(?![A-Za-z0-9²³]|\.[A-Za-z])"
)
_UNIT_ALONE = re.compile(
    rf"(?P<space>[ \n-]?)(?:(?P<spelled>sq|cu)\.?\ )?(?P<symbol>{_SYMBOL})(?P<power>[²³])?(?![A-Za-z0-9²³]|\.[A-Za-z])"
)
_PER_WORDS = frozenset(
    str.split(
        """
    second minute hour day night week month quarter year person user page unit item mile gallon pound
    each share barrel bushel ounce ton tonne acre head seat guest student child adult household employee member
    room ticket token message request transaction click ride trip visit session serving bottle slice piece
    """
    )
)
_INCHES_FOLLOW = re.compile(r"\ ?(?:[.,;:)x×/]|$|\ (?:by|tall|wide|long|deep|thick|high|diameter)\b)")


_KELVIN = re.compile(r"[.,;:)]?(?:\s|$)(?!\ (?:run|race|resolution)|[a-z]{2,20}s(?![a-z]))")
_SHORT_FOR = re.compile(
    r"\.(?=[,;:)/]|\ \d{1,3}\ ?(?:oz|in|min|sec|ounces|inches|minutes)(?![a-z])"
    r"|\ [NSEW]{1,3}(?:[ .,;]|$)|[ \n][a-z(@&=+])"
)  # a full stop that only marks the abbreviation


_COOKED = r"(?:flour|sugar|oil|water|milk|butter|cream|broth|stock|rice|cheese|oats|honey|juice|vinegar|wine)"
_POINTS = re.compile(r"[ -]?pt\.?(?=\ (?:font|type|text|bold)(?![a-z]))")
_STONES = re.compile(r"\ ?st\.?(?=\ \d{1,2}\ ?lbs?(?![a-z]))", re.ASCII)
_SPOONS = re.compile(
    rf"\ (?P<spoon>[Tt])\.?(?=\ (?:[a-z-]{{2,12}}\ ){{0,2}}(?:{_COOKED}|salt|soda|powder|pepper|cinnamon|vanilla|yeast|"
    r"paprika|cumin|thyme|oregano|garlic)(?![a-z]))"
)
_RACES = re.compile(
    r"[ -]?m(?=\ (?:race|run|final|dash|relay|sprint|freestyle|hurdles|record|swim)(?![a-z]))"
)
_PINTS = re.compile(
    rf"\ pts?\.?(?=\ (?:[a-z-]{{2,12}}\ ){{0,2}}(?:{_COOKED}|berries|strawberries|blueberries|beer)(?![a-z]))"
)
_FLUID = re.compile(r"[ -]?fl(?:-|\.?\ ?)oz(?![A-Za-z0-9])(?:\.(?!\ [A-Z]|$))?", re.ASCII)
_LONGEST_NAME = 60
_NAME = re.compile(r"[a-z]{3,20}(?![A-Za-z0-9'])")
_ALONE = re.compile(
    r"(?:(?P<power>square|sq\.?|cubic|cu\.?)\ )?(?P<head>[^/]+?)(?:(?:\ ?/\ ?|\ per\ )(?P<per>[^/]+))?"
)
_CUPS = re.compile(
    rf"-c\.(?=\ [A-Z]?[a-z])|\ c(?:\.(?=\ [a-z(])|(?=\ (?:[a-z-]{{2,12}}\ ){{0,2}}{_COOKED}(?![a-z])))"
)


class UnitMatch(NamedTuple):
    """A unit found in the text: its two forms and where it ends."""

    one: str
    many: str
    end: int


def per_name(symbol: str) -> str | None:
    """What follows "per" for the symbol after a slash: "h" is "hour", "month" itself."""
    if symbol in _PER_WORDS:
        return symbol
    unit = UNITS.get(symbol)
    return unit.one if unit else None


def name_after(text: str, position: int) -> str:
    """The name of a unit that begins at ``position``, with no blank before it: "1/2inch"; empty where there is none."""
    match = _NAME.match(text, position)
    return match[0] if match and match[0] in NAMES else ""


def unit_alone(written: str) -> Unit | None:
    """The unit that is all that is written: "kg", "in.", "feet", "square mile", "kilometer/hour"; None for others."""
    match = _ALONE.fullmatch(written) if len(written) <= _LONGEST_NAME else None
    if match is None:
        return None
    unit = UNITS.get(written) or _unit_called(match["head"])
    if unit is None or written in UNITS:
        return unit
    power = f"{_SPELLED_POWERS.get(match['power'].rstrip('.'), match['power'])} " if match["power"] else ""
    per = _unit_called(match["per"]) if match["per"] else None
    if match["per"] and per is None:
        return None
    suffix = f" per {per.one}" if per else ""
    return Unit(f"{power}{unit.one}{suffix}", f"{power}{unit.many}{suffix}")


def _unit_called(written: str) -> Unit | None:
    return UNITS.get(written) or NAMES.get(written.lower()) or UNITS.get(written.rstrip("."))


def unit_after(text: str, position: int) -> UnitMatch | None:
    """The unit that follows a number ending at ``position``, or None."""
    points = _POINTS.match(text, position)
    if points:
        return UnitMatch("point", "point", points.end())
    stones = _STONES.match(text, position)
    if stones:
        return UnitMatch("stone", "stone", stones.end())
    spoons = _SPOONS.match(text, position)
    if spoons:
        name = "tablespoon" if spoons["spoon"] == "T" else "teaspoon"
        return UnitMatch(name, f"{name}s", spoons.end())
    races = _RACES.match(text, position)
    if races:
        return UnitMatch("meter", "meter", races.end())
    fluid = _FLUID.match(text, position)
    if fluid:
        many = "fluid ounce" if fluid[0][0] == "-" else "fluid ounces"
        return UnitMatch("fluid ounce", many, fluid.end())
    pints = _PINTS.match(text, position)
    if pints:
        return UnitMatch("pint", "pints", pints.end())
    cups = _CUPS.match(text, position)
    if cups:
        return UnitMatch("cup", "cup" if cups[0][0] == "-" else "cups", cups.end())
    for compiled in (_UNIT, _UNIT_ALONE):
        match = compiled.match(text, position)
        found = _known(text, match) if match else None
        if found:
            return found
    return None


def _known(text: str, match: re.Match[str]) -> UnitMatch | None:
    symbol = match["symbol"].replace(" ", "")
    unit = UNITS.get(symbol)
    if symbol == "ac" and match["space"] != " ":
        return None  # b² - 4ac
    if symbol == "K" and not (match["space"] == " " and _KELVIN.match(text, match.end())):
        return None  # thousands
    if unit is None or (match["space"] and not _fits_with_space(text, symbol, unit, match)):
        return None
    one, many = unit.one, unit.one if match["space"] == "-" else unit.many
    power = _POWERS.get(match["power"] or "") or _SPELLED_POWERS.get(match["spelled"] or "")
    if power:
        one, many = f"{power} {one}", f"{power} {many}"
    per = match.groupdict().get("per")
    if per:
        name = per_name(per)
        if name is None:
            return None
        raised = _POWERS.get(match["per_power"] or "")
        suffix = f" per {raised} {name}" if raised else f" per {name}"
        if raised and per in {"s", "h", "min"}:
            suffix = f" per {name} {'squared' if raised == 'square' else 'cubed'}"
        one, many = one + suffix, many + suffix
    end = match.end() + bool((per or symbol).isalpha() and _SHORT_FOR.match(text, match.end()))
    return UnitMatch(one, many, end)


def _fits_with_space(text: str, symbol: str, unit: Unit, match: re.Match[str]) -> bool:
    """Whether a symbol that could be another word is the unit here: "5 in the box" has no inches."""
    if match["space"] == "-":
        goes_on = text[match.end() : match.end() + 1] == "-" and not text.startswith("-old", match.end())
        return len(symbol) > 1 and symbol.isalpha() and not goes_on
    if unit.attached or ("\n" in match["space"] and not symbol.isalpha()):
        return False
    if symbol == "in":
        return bool(_INCHES_FOLLOW.match(text, match.end()))
    return not ((len(symbol) == 1 or symbol in {"AU", "bar"}) and text[match.end() : match.end() + 1] == "'")
