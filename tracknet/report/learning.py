"""How a run learned, from the table that it wrote."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from tracknet.report.plots import plot

LARGEST = 1 << 26
"""Bytes of a table that is read: a million steps, and more than that is no training of ours."""
SENSIBLE = 1e12
"""Figures beyond it are not drawn."""


def learning_curves(run: Path) -> Iterator[tuple[str, list[str], str]]:
    """Loss, validation F1 and learning rate over the steps, as far as `metrics.csv` has them.

    Args:
        run: A run directory, or a checkpoint in its place there. Without a readable table there
            are no curves.

    Yields:
        Heading, the figure as `plot` makes it, and what there is to say of it.
    """
    table = _read(run if run.is_dir() else run.parent.parent)
    if table is None:
        return
    losses = [name for name in table if name in ("train/loss_step", *LOSSES)]
    if losses:
        said = "Training: the mean of each epoch, with its steps in grey. Validation after each."
        yield "Loss", plot(_losses, table[losses]), said
    if "val/f1" in table:
        best = table["val/f1"]
        said = "Strict F1 of separate validation windows at their best threshold; "
        said += f"highest {best.max():.3f}."
        yield "F1 on validation", plot(_f1, best.dropna()), said
    if rates := [name for name in table if name.startswith("lr-")]:
        said = "Of each group of parameters, where they differ."
        yield "Learning rate", plot(_rates, table[rates].dropna(how="all")), said


LOSSES = {"train/loss_epoch": ("training", "C2"), "val/loss": ("validation", "C0")}


def _read(run: Path) -> pd.DataFrame | None:
    """The figures over their steps; columns without any are left out."""
    file = run / "metrics.csv"
    try:
        if file.stat().st_size > LARGEST:
            return None
        table = pd.read_csv(file, dtype=str).apply(pd.to_numeric, errors="coerce")
        table = table.set_index("step").sort_index(kind="stable")
    except (OSError, ValueError, LookupError, TypeError):  # somebody else's, cut, or none at all
        return None
    table = table[table.index.notna()].where(table.abs() < SENSIBLE)
    return table.dropna(axis="columns", how="all")


def _losses(axes: Axes, table: pd.DataFrame) -> None:
    highest = []
    if "train/loss_step" in table:
        steps = table["train/loss_step"].dropna()
        axes.plot(steps.index, steps, color="C2", linewidth=0.8, alpha=0.35)
        highest.append(steps.quantile(0.95))
    for name, (label, colour) in LOSSES.items():
        if name in table:
            own = table[name].dropna()
            axes.plot(own.index, own, color=colour, marker=".", markersize=9, label=label)
            highest.append(own.max())
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 1.1 * max(highest) or 1))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor="linecolor")


def _f1(axes: Axes, f1: pd.Series) -> None:
    axes.plot(f1.index, f1, marker=".", markersize=9)
    axes.plot(f1.idxmax(), f1.max(), "o", markersize=9, fillstyle="none", color="C2")
    axes.set(xlabel="step", ylabel="strict F1", ylim=(0, 1))


def _rates(axes: Axes, rates: pd.DataFrame) -> None:
    different = rates.T.drop_duplicates().T
    for name, colour in zip(different, ("C0", "C2", "C1"), strict=False):
        axes.plot(rates.index, rates[name], color=colour, label=name.removeprefix("lr-"))
    axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    if len(different.columns) > 1:
        axes.legend(frameon=False, labelcolor="linecolor")
