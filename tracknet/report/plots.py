"""Figures of a report, each in a light and a dark dress."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from tracknet.metrics import CAUSES
from tracknet.report.page import data_uri

LIMIT = 4
LAST_BIN = 20
REPORTED, SPEED = "reported position", "speed (original px a frame)"
COLOURS: dict[str, str] = dict(zip(CAUSES, ("C3", "C4", "C1"), strict=True))
SIDES = {"x": "C0", "y": "C4", "along": "C1"}
DRESSES = (
    ("#3d4450", "#d9dde3", "#0b7d67", "#c8321f", "#a86000", "#2b5fd0"),
    ("#b4bcc8", "#39414d", "#46e0b0", "#ff6a4a", "#ffc46b", "#6fa8ff"),
)
"""Colours of text and grid; of what is good, C0 to whoever paints, bad, C1, in a wrong place, C3,
and missed, C4. Text is C2.

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
    for text, grid, good, bad, warn, miss in DRESSES:
        dress: dict[Any, Any] = {
            **PLAIN,
            **dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color"), text),
            "grid.color": grid,
            "axes.prop_cycle": cycler(color=[good, bad, text, warn, miss]),
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


def pck_curve(
    axes: Axes, pck: Mapping[str, float], candidates: Mapping[str, Mapping[str, float]]
) -> None:
    """Radius in original pixels -> share of the visible balls with a prediction within it.

    Args:
        axes: As said.
        pck: Of the reported position.
        candidates: Score -> the same of any candidate that scores more.
    """
    for (score, own), style in zip(candidates.items(), ("--", ":"), strict=False):
        label = f"any candidate above {score}"
        axes.plot([int(radius) for radius in own], list(own.values()), f"C4{style}", label=label)
    axes.plot([int(radius) for radius in pck], list(pck.values()), "C0", marker=".", label=REPORTED)
    axes.set(xlabel="radius (original px)", xlim=(0, LAST_BIN + 0.5))
    axes.set(ylabel="share of visible balls", ylim=(0, 1))
    axes.set_xticks([1, *range(LIMIT, LAST_BIN + 1, LIMIT)])
    if candidates:
        axes.legend(frameon=False, labelcolor="linecolor", loc="lower right")
    _limit(axes)


def missed_bars(axes: Axes, groups: Mapping[str, Mapping[str, int]], name: str) -> None:
    """How many balls were missed, by cause, a bar a group.

    Args:
        axes: As said.
        groups: Group -> cause -> balls, every cause of `CAUSES` in its colour, others in that of
            text.
        name: What the groups are.
    """
    kinds = dict.fromkeys(cause for own in groups.values() for cause in own)
    below, bars = np.zeros(len(groups)), np.arange(len(groups))
    for cause in kinds:
        own = np.array([group[cause] for group in groups.values()])
        axes.bar(bars, own, 0.7, below, color=COLOURS.get(cause, "C2"), label=cause)
        below += own
    axes.set_xticks(bars, groups, fontsize="small")
    axes.grid(axis="x", visible=False)
    axes.set(xlabel=name, ylabel="missed balls", ylim=(0, 1.05 * max(below, default=0) or 1))
    axes.locator_params(axis="y", integer=True)
    if kinds:
        _legend_above(axes, "markerfacecolor")


def offset_bars(axes: Axes, groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Medians of signed offsets with their standard errors, original pixels.

    Args:
        axes: As said.
        groups: Bin of speed -> side -> as `offset` gives it.
    """
    axes.axhline(0, color="C2", linewidth=1)
    for i, (side, colour) in enumerate(SIDES.items()):
        known = [(k, own[side]) for k, own in enumerate(groups.values()) if own[side]["balls"]]
        axes.errorbar(
            [k + (i - 1) / 5 for k, _ in known],
            [own["median_px"] for _, own in known],
            [own["error_px"] or 0 for _, own in known],
            fmt="o",
            markersize=5,
            color=colour,
            label=side,
        )
    axes.set_xticks(range(len(groups)), groups, fontsize="small")
    axes.margins(y=0.1)
    axes.grid(axis="x", visible=False)
    axes.set(xlabel=SPEED, ylabel="position - label (px)", xlim=(-0.5, max(0.5, len(groups) - 0.5)))
    _legend_above(axes, "linecolor")


def precision_recall_curve(
    axes: Axes, precision: np.ndarray, recall: np.ndarray, chosen: tuple[float, float]
) -> None:
    """Precision over recall (K,), with the (precision, recall) of the predictions as a dot."""
    axes.plot(recall, precision, linewidth=1.8)
    axes.plot(chosen[1], chosen[0], "o", markersize=7, clip_on=False)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))


def _legend_above(axes: Axes, colour: str) -> None:
    axes.legend(
        frameon=False, labelcolor=colour, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3
    )


def _limit(axes: Axes) -> None:
    axes.axvline(LIMIT, color="C2", linewidth=1, linestyle=(0, (4, 3)))
