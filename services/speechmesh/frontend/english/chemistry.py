"""Reads chemical formulas letter by letter, their counts as amounts: "C6H12O6", "NaCl"."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.words import spell

_ELEMENT = "(?:A[lru]|B[aer]?|C[aldorsu]?|Fe?|Ga|H[eg]?|I|K|Li|M[gno]|N[aei]?|O|P[bt]?|Rb|S[inrb]?|Ti|U|V|W|Xe|Z[nr])"
FORMULA = rf"(?:{_ELEMENT}\d{{0,3}}){{2,12}}"
"""What a formula of several elements is written like."""
_FORMULA = re.compile(rf"{FORMULA}(?![A-Za-z0-9'])", re.ASCII)
_ION = re.compile(
    r"(?P<element>Na|Li|Ag|Cl|Br|Ca|Mg|Zn|Cu|Fe)(?P<charge>[+-])(?=[ ,.;)/]|$)|Na(?=\ \d)"
    r"|(?:Na|Ca|Mg|Zn|Cu|Fe|Al|Mn|Pb|Ba)(?=[²³⁴][+⁻])",
    re.ASCII,
)
_PART = re.compile(r"[A-Za-z]++|\d++", re.ASCII)
_WITHOUT_COUNTS = frozenset(
    str.split(
        "NaCl NaOH NaF KCl KOH KBr HCl HBr LiCl LiF AgCl CaO CuO FeO FeS GaAs GaN MgO NiO PbO SiC SiO TiN ZnO ZnS"
    )
)


def recognise_formula(context: Context, position: int) -> Reading | None:
    """Read a formula that cannot be another name: with a two-letter element and a count, long, or well known."""
    ion = _ION.match(context.text, position)
    if ion:
        sign = {"+": " plus", "-": " minus", None: ""}[ion["charge"]]
        return whole(f"{spell(ion['element'] or ion[0])}{sign}", position, ion.end())
    match = _FORMULA.match(context.text, position)
    if match is None:
        return None
    token = match[0]
    parts = _PART.findall(token)
    counted = token[-1:].isdigit() or len(parts) > 2
    if not (token in _WITHOUT_COUNTS or (counted and (not token.isupper() or len(parts) > 3))):
        return None
    words = (numbers.integer(part) if part.isdigit() else spell(part) for part in parts)
    return whole(" ".join(words), position, match.end())
