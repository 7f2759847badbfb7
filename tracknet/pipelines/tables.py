"""Figures as tables on the console."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracknet.console import print_table, say

USED = ("threshold", "overlap", "tracking", "fold")
WHY = {
    "placing": "placed 4 to 8 px away",
    "choosing": "with a candidate within 8 px that was not chosen",
    "unseen": "without one",
}
COLUMNS = ("f1", "precision", "recall", "accuracy", "tp", "fp1", "fp2", "fn", "tn", "ap", "rmse")


def print_metrics(metrics: Mapping[str, Any], output: Path) -> None:
    """One row per protocol, with F1 at threshold 0.5 if there is that, then where the files are."""
    half = metrics.get("protocols_at_0.5", {})
    columns = [*COLUMNS, *(["f1 at 0.5"] if half else [])]
    rows = {
        name: own | ({"f1 at 0.5": half[name]["f1"]} if half else {})
        for name, own in metrics["protocols"].items()
    }
    cells = ([name, *(_cell(own.get(column)) for column in columns)] for name, own in rows.items())
    title = f"{metrics['dataset']} {metrics['split']}"
    print_table(title, ["protocol", *columns], cells, result=True)
    said = [f"{k} {metrics['facts'][k]}" for k in USED if k in metrics["facts"]]
    if said:
        say(", ".join(said), result=True)
    ends = metrics["protocols"]["strict"]["f1_interval"]
    say(f"strict F1, 95 % interval over clips: {_interval(ends, '.3f')}", result=True)
    every, visible = metrics["breakdown"]["all"], metrics["localisation"]["visible"]
    why = [f"{every[cause]} {said}" for cause, said in WHY.items() if cause in every]
    lost = f"{every['fp1'] + every['fn']} of {visible} visible balls missed"
    say(f"{lost}: {', '.join(why)}", result=True)
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
    print_table(title, columns, rows, result=True)
    print_written(output, "comparison.json", "comparison.html")


def print_written(folder: Path, *files: str) -> None:
    """Where the files of a command are."""
    for file in files:
        say(f"wrote {folder / file}", result=True)


def _interval(ends: Sequence[float] | None, form: str) -> str:
    return "-" if ends is None else " to ".join(format(end, form) for end in ends)


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"
