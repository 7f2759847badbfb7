"""Figures as tables on the console."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from tracknet.console import console

COLUMNS = ("f1", "precision", "recall", "accuracy", "tp", "fp1", "fp2", "fn", "tn", "ap", "rmse")


def print_metrics(metrics: Mapping[str, Any], output: Path) -> None:
    """One row per protocol, also at threshold 0.5 if there is that, then where the files are."""
    out, title = console(), f"{metrics['dataset']} {metrics['split']}"
    out.print(_table(title, metrics["protocols"]))
    if half := metrics.get("protocols_at_0.5"):
        out.print(_table(f"{title}, threshold 0.5", half))
    ends = metrics["protocols"]["strict"]["f1_interval"]
    out.print(f"strict F1, 95 % interval over clips: {_interval(ends, '.3f')}")
    for file in ("metrics.json", "predictions.csv", "report.html"):
        out.print(f"wrote {output / file}")


def print_comparison(comparison: Mapping[str, Any], output: Path) -> None:
    """One row per run, its F1 and the difference to the first one's, then where the files are."""
    title = f"{comparison['dataset']} {comparison['split']}: F1 and difference to the first"
    table = Table(title=title, title_justify="left")
    table.add_column("run")
    for protocol in next(iter(comparison["runs"].values())):
        for column in (protocol, "difference", "95 % interval"):
            table.add_column(column, justify="right")
    for name, protocols in comparison["runs"].items():
        cells = []
        for figures in protocols.values():
            cells.append(_cell(figures["f1"]))
            if "difference" in figures:
                ends = _interval(figures["difference_interval"], "+.3f")
                cells += [f"{figures['difference']:+.3f}", ends]
            else:
                cells += ["", ""]
        table.add_row(name, *cells)
    out = console()
    out.print(table)
    for file in ("comparison.json", "comparison.html"):
        out.print(f"wrote {output / file}")


def _table(title: str, protocols: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("protocol")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, figures in protocols.items():
        table.add_row(name, *(_cell(figures.get(column)) for column in COLUMNS))
    return table


def _interval(ends: Sequence[float] | None, form: str) -> str:
    return "-" if ends is None else " to ".join(format(end, form) for end in ends)


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"
