"""`speechmesh trace`: shows a request's trace, from a file that `speechmesh up --trace` wrote, as a tree over time."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from speechmesh.cli.console import bar, fail, out


@dataclass(slots=True)
class Span:
    """One span of a trace; times in nanoseconds since the epoch."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    links: list[str] = field(default_factory=list)


def read_spans(path: Path) -> list[Span]:
    """All spans of an OTLP JSON-lines file, which may still be written to.

    Raises:
        ValueError: when a line is not OTLP JSON.
    """
    spans = []
    with path.open("rb") as file:
        for number, line in enumerate(file):
            try:
                export = json.loads(line)
            except ValueError:
                begun = number or line.startswith(b"{")
                if begun and not line.endswith(b"\n"):  # the rest is still on its way
                    break
                raise
            for resource_spans in export.get("resourceSpans", ()):
                resource = _attributes(resource_spans.get("resource", {}))
                service = str(resource.get("service.name", "?"))
                for scope_spans in resource_spans.get("scopeSpans", ()):
                    spans += [_span(service, raw) for raw in scope_spans.get("spans", ())]
    return spans


def _span(service: str, raw: dict[str, Any]) -> Span:
    return Span(
        raw["traceId"],
        raw["spanId"],
        raw.get("parentSpanId", ""),
        service,
        raw["name"],
        int(raw["startTimeUnixNano"]),
        int(raw["endTimeUnixNano"]),
        _attributes(raw),
        [link["spanId"] for link in raw.get("links", ())],
    )


def _attributes(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        entry["key"]: next(iter(entry.get("value", {}).values()), None) for entry in raw.get("attributes", ())
    }


def trace(
    file: Annotated[Path, typer.Argument(help="File written by `speechmesh up --trace FILE`.")],
    trace_id: Annotated[str, typer.Option("--id", help="Trace to show; default: the latest.")] = "",
) -> None:
    """Show a trace as a tree over time."""
    try:
        spans = read_spans(file)
    except OSError as error:
        fail(f"{file}: {error.strerror}", 2)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fail(f"{file}: not a trace file ({error})", 2)
    if not spans:
        fail(f"{file}: no span in it yet")
    wanted = trace_id or max(spans, key=lambda span: span.start_ns).trace_id
    shown = [span for span in spans if span.trace_id == wanted]
    if not shown:
        fail(f"{file}: no trace {wanted}")
    _print_tree(shown)


def _print_tree(spans: list[Span]) -> None:
    known = {span.span_id for span in spans}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start_ns):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    start = min(span.start_ns for span in spans)
    total = max(span.end_ns for span in spans) - start
    out.print(f"trace {spans[0].trace_id}, {total / 1e6:.1f} ms, {len(spans)} spans", highlight=False)

    def show(span: Span, depth: int) -> None:
        label = f"{'  ' * depth}{span.service}: {span.name}"
        duration = span.end_ns - span.start_ns
        out.print(
            f"{label:<62.62}{bar(span.start_ns - start, duration, total):<45}{duration / 1e6:9.2f} ms",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        for child in children[span.span_id]:
            show(child, depth + 1)

    for root in children[""]:
        show(root, 0)
