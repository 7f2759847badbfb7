"""Figures of a report, each in a light and a dark dress."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from tracknet.report.page import data_uri

LIMIT = 4
LAST_BIN = 20
DRESSES = (
    ("#3d4450", "#d9dde3", "#0b7d67", "#c8321f"),
    ("#b4bcc8", "#39414d", "#46e0b0", "#ff6a4a"),
)
"""Colours of text and grid; of what is good, C0 to whoever paints, and bad, C1. Text is C2.

The colours of good and bad, here and in style.css, are told apart without red or green too."""
PLAIN = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.linewidth": 0.8,
    **{f"axes.spines.{side}": False for side in ("left", "right", "bottom", "top")},
    **{f"{axis}tick.major.size": 0 for axis in "xy"},
    **{f"{axis}tick.major.pad": 6 for axis in "xy"},  # the numbers at the origin stay apart
}


def plot(paint: Callable[..., None], *data: Any) -> list[str]:
    """A figure on a transparent ground, for a light and for a dark browser, as addresses of PNGs.

    Args:
        paint: Paints `data` on the axes that it is given first.
        data: Its further arguments.
    """
    files = []
    for text, grid, good, bad in DRESSES:
        dress: dict[Any, Any] = {
            **PLAIN,
            **dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color"), text),
            "grid.color": grid,
            "axes.prop_cycle": cycler(color=[good, bad, text]),
        }
        with rc_context(dress):
            figure = Figure(figsize=(4.3, 3), layout="constrained")
            paint(figure.subplots(), *data)
            file, own = io.BytesIO(), {"Software": None}
            figure.savefig(file, format="png", dpi=160, transparent=True, metadata=own)
        files.append(data_uri(file.getvalue()))
    return files


def error_histogram(axes: Axes, errors: np.ndarray) -> None:
    """Errors (N,) in original pixels in bars of half a pixel; the last holds all larger ones."""
    edges = np.arange(0, LAST_BIN + 1, 0.5)
    counts, _ = np.histogram(np.minimum(errors, LAST_BIN + 0.25), edges)
    colours = ["C0" if edge < LIMIT else "C1" for edge in edges[:-1]]
    axes.bar(edges[:-1], counts, 0.44, align="edge", color=colours)
    axes.set(xlabel="error (original px)", ylabel="frames", xlim=(0, LAST_BIN + 0.5))
    ticks = range(0, LAST_BIN + 1, LIMIT)
    axes.set_xticks(ticks, [*map(str, ticks[:-1]), f"{LAST_BIN}+"])
    axes.locator_params(axis="y", integer=True)
    _limit(axes)


def pck_curve(axes: Axes, pck: Mapping[str, float]) -> None:
    """Radius in original pixels -> share of the visible balls with a prediction within it."""
    axes.plot([int(radius) for radius in pck], list(pck.values()), marker=".")
    axes.set(xlabel="radius (original px)", xlim=(0, LAST_BIN + 0.5))
    axes.set(ylabel="share of visible balls", ylim=(0, 1))
    axes.set_xticks([1, *range(LIMIT, LAST_BIN + 1, LIMIT)])
    _limit(axes)


def precision_recall_curve(
    axes: Axes, precision: np.ndarray, recall: np.ndarray, chosen: tuple[float, float]
) -> None:
    """Precision over recall (K,), with the (precision, recall) of the predictions as a dot."""
    axes.plot(recall, precision, linewidth=1.8)
    axes.plot(chosen[1], chosen[0], "o", markersize=7, clip_on=False)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))


def _limit(axes: Axes) -> None:
    axes.axvline(LIMIT, color="C2", linewidth=1, linestyle=(0, (4, 3)))
