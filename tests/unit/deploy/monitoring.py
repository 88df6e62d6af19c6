"""The alerts and the dashboard, read without kubectl, and what their expressions ask for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import promql_parser
import yaml
from promql_parser import AggregateExpr, Expr, MatchOp, VectorSelector

from tests.unit.deploy.manifests import K8S, Document

MONITORING = K8S / "components/monitoring"
# Labels that Prometheus gives to every series of a target.
TARGET_LABELS = {"namespace", "pod", "container", "job", "instance"}


@dataclass(frozen=True)
class Query:
    """An expression and where it stands."""

    where: str
    expression: str

    @property
    def tree(self) -> Expr:
        """The expression with Grafana's variables filled in.

        Raises:
            ValueError: when it is no PromQL.
        """
        return promql_parser.parse(self.expression.replace("$__rate_interval", "1m"))


def rules_spec() -> Document:
    """What Prometheus itself takes as a file of rules."""
    return dict(yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))["spec"])


def alerts() -> list[Document]:
    return [rule for group in rules_spec()["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return dict(json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8")))


def queries() -> list[Query]:
    """Of every alert and every panel."""
    found = [Query(alert["alert"], alert["expr"]) for alert in alerts()]
    return found + [
        Query(panel["title"], target["expr"])
        for panel in dashboard()["panels"]
        for target in panel.get("targets", [])
    ]


def parts(tree: Expr) -> tuple[list[VectorSelector], set[str]]:
    """The selectors of an expression, and the labels that it groups by."""
    selectors: list[VectorSelector] = []
    grouped_by: set[str] = set()

    def visit(node: Expr) -> None:
        if isinstance(node, VectorSelector):
            selectors.append(node)
        if isinstance(node, AggregateExpr) and node.modifier is not None:
            grouped_by.update(node.modifier.labels)

    promql_parser.walk(tree, visit)
    return selectors, grouped_by


def matches(selector: VectorSelector, labels: dict[str, str]) -> bool:
    """Whether a selector takes a series of its metric with these labels; those of its target count as fitting."""
    for matcher in selector.matchers.matchers:
        if matcher.name in TARGET_LABELS or matcher.value.startswith("$"):
            continue
        value = labels.get(matcher.name, "")
        negated = matcher.op in (MatchOp.NotEqual, MatchOp.NotRe)
        by_pattern = matcher.op in (MatchOp.Re, MatchOp.NotRe)
        same = re.fullmatch(matcher.value, value) is not None if by_pattern else value == matcher.value
        if same == negated:
            return False
    return True
