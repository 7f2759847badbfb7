"""Figures as tables on the console."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracknet.console import console, print_table

USED = ("threshold", "overlap", "tracking")
COLUMNS = ("f1", "precision", "recall", "accuracy", "tp", "fp1", "fp2", "fn", "tn", "ap", "rmse")


def print_metrics(metrics: Mapping[str, Any], output: Path) -> None:
    """One row per protocol, also at threshold 0.5 if there is that, then where the files are."""
    title = f"{metrics['dataset']} {metrics['split']}"
    for key, heading in {"protocols": title, "protocols_at_0.5": f"{title}, threshold 0.5"}.items():
        rows = metrics.get(key, {}).items()
        if rows:
            cells = ([name, *(_cell(own.get(column)) for column in COLUMNS)] for name, own in rows)
            print_table(heading, ["protocol", *COLUMNS], cells)
    said = [f"{k} {metrics['facts'][k]}" for k in USED if k in metrics["facts"]]
    if said:
        console().print(", ".join(said))
    ends = metrics["protocols"]["strict"]["f1_interval"]
    console().print(f"strict F1, 95 % interval over clips: {_interval(ends, '.3f')}")
    print_written(output, "metrics.json", "predictions.csv", "report.html")


def print_comparison(comparison: Mapping[str, Any], output: Path) -> None:
    """One row per run, its F1 and the difference to the first one's, then where the files are."""
    columns, rows = ["run"], []
    for protocol in next(iter(comparison["runs"].values())):
        columns += [protocol, "difference", "95 % interval"]
    for name, protocols in comparison["runs"].items():
        cells = [name]
        for own in protocols.values():
            cells += [_cell(own["f1"]), "", ""]
            if "difference" in own:
                ends = _interval(own["difference_interval"], "+.3f")
                cells[-2:] = f"{own['difference']:+.3f}", ends
        rows.append(cells)
    title = f"{comparison['dataset']} {comparison['split']}: F1 and difference to the first"
    print_table(title, columns, rows)
    print_written(output, "comparison.json", "comparison.html")


def print_written(folder: Path, *files: str) -> None:
    """Where the files of a command are."""
    for file in files:
        console().print(f"wrote {folder / file}")


def _interval(ends: Sequence[float] | None, form: str) -> str:
    return "-" if ends is None else " to ".join(format(end, form) for end in ends)


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"
