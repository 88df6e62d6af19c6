"""What a homograph is, as `<w role>` of SSML tells it: a tag of the Penn Treebank, as Amazon has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

_T = TypeVar("_T")

# The senses of homographs.tsv that a role may mean; of a word's own the first one is taken.
_SENSES: Final = {
    "VB": ("verb", "base", "guide", "seed", "shine", "deserved"),
    "VBD": ("past", "dived", "turned"),
    "NN": ("noun", "bird", "pig", "line", "sand", "time"),
    "JJ": ("adjective", "wise", "nation", "tiny", "old"),
}
_SAME: Final = {"VBP": "VB", "VBZ": "VB", "VBN": "VBD", "NNS": "NN"}
# By their order: the commoner one, and the other.
_DEFAULT, _OTHER = "DEFAULT", "SENSE_1"


def known_role(written: str) -> str:
    """The first of some roles that is known here, without its prefix; empty where none is."""
    for each in written.split():
        role = each.rpartition(":")[2].upper()
        role = _SAME.get(role, role)
        if role in _SENSES or role in (_DEFAULT, _OTHER):
            return role
    return ""


def in_role(readings: Mapping[str, _T], role: str) -> _T | None:
    """Which of its readings a homograph has in a role that is known here; None where it has none for it.

    Args:
        readings: by sense, the commoner first.
        role: as `known_role` tells it.
    """
    if role in (_DEFAULT, _OTHER):
        in_order = list(readings.values())
        return in_order[0] if role == _DEFAULT else in_order[1] if len(in_order) > 1 else None
    return next((readings[sense] for sense in _SENSES[role] if sense in readings), None)
