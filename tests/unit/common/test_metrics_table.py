"""The README's table of metrics against the instruments themselves, and what Prometheus makes of their names."""

from __future__ import annotations

import re

from speechmesh.common import metrics
from tests.conftest import REPOSITORY

_ENDINGS = {"s": "_seconds", "By": "_bytes"}
_KINDS = {"create_counter": "counter", "_histogram": "histogram"}


def declared() -> dict[str, str]:
    """The kind of each metric by its name in Prometheus, as the module declares it."""
    source = (REPOSITORY / "services/speechmesh/common/metrics.py").read_text(encoding="utf-8")
    pattern = r'^[A-Z_]+ = (?:_meter\.)?(\w+)\(\s*"(speechmesh[a-z_.]+)",\s*"([^"]+)"'
    found = {}
    for maker, name, unit in re.findall(pattern, source, re.MULTILINE):
        kind = _KINDS.get(maker, "gauge")
        ending = _ENDINGS.get(unit, "") + ("_total" if kind == "counter" else "")
        found[name.replace(".", "_") + ending] = kind
    return found


def test_the_readme_lists_every_metric_with_its_type() -> None:
    rows = re.findall(
        r"^\| `(speechmesh_\w+)` \| (\w+) \|", (REPOSITORY / "README.md").read_text(), re.MULTILINE
    )
    assert len(rows) == len(dict(rows))
    assert dict(rows) == declared()


def test_no_instrument_escapes_the_comparison() -> None:
    instruments = [
        name
        for name, value in vars(metrics).items()
        if name.isupper() and not name.startswith("_") and not isinstance(value, str)
    ]
    assert len(instruments) == len(declared())
