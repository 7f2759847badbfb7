"""Figures of a report, each in a light and a dark dress."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

LIMIT = 4
LAST_BIN = 20


@dataclass(frozen=True)
class Theme:
    """Colours of a figure; its ground is transparent."""

    text: str
    grid: str
    good: str
    bad: str


LIGHT = Theme("#3d4450", "#d9dde3", "#14854a", "#d33f49")
DARK = Theme("#b4bcc8", "#39414d", "#3ecf7f", "#ff6b74")


def error_histogram(errors: np.ndarray) -> Callable[[Theme], Figure]:
    """Errors (N,) in original pixels in bars of half a pixel; the last holds all larger ones."""

    def paint(theme: Theme) -> Figure:
        figure, axes = axes_of(theme, "error (original px)", "frames")
        edges = np.arange(0, LAST_BIN + 1, 0.5)
        counts, _ = np.histogram(np.minimum(errors, LAST_BIN + 0.25), edges)
        colours = [theme.good if edge < LIMIT else theme.bad for edge in edges[:-1]]
        axes.bar(edges[:-1], counts, 0.44, align="edge", color=colours)
        axes.axvline(LIMIT, color=theme.text, linewidth=1, linestyle=(0, (4, 3)))
        ticks = range(0, LAST_BIN + 1, LIMIT)
        labels = [str(tick) for tick in ticks]
        axes.set_xticks(ticks, [*labels[:-1], f"{LAST_BIN}+"])
        axes.set_xlim(0, LAST_BIN + 0.5)
        axes.locator_params(axis="y", integer=True)
        return figure

    return paint


def pck_curve(pck: Mapping[str, float]) -> Callable[[Theme], Figure]:
    """Radius in original pixels -> share of the visible balls with a prediction within it."""

    def paint(theme: Theme) -> Figure:
        figure, axes = axes_of(theme, "radius (original px)", "share of visible balls")
        axes.plot([int(radius) for radius in pck], list(pck.values()), color=theme.good, marker=".")
        axes.axvline(LIMIT, color=theme.text, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xticks([1, *range(LIMIT, LAST_BIN + 1, LIMIT)])
        axes.set_xlim(0, LAST_BIN + 0.5)
        axes.set_ylim(0, 1)
        return figure

    return paint


def precision_recall_plot(
    precision: np.ndarray, recall: np.ndarray, chosen: tuple[float, float]
) -> Callable[[Theme], Figure]:
    """Precision over recall (K,), with the (precision, recall) of the predictions as a dot."""

    def paint(theme: Theme) -> Figure:
        figure, axes = axes_of(theme, "recall", "precision")
        axes.plot(recall, precision, color=theme.good, linewidth=1.8)
        axes.plot([chosen[1]], [chosen[0]], "o", color=theme.bad, markersize=7, clip_on=False)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        return figure

    return paint


def png(figure: Figure) -> bytes:
    """The figure as a PNG file with a transparent ground."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, transparent=True, metadata={"Software": None})
    return file.getvalue()


def data_uri(picture: bytes) -> str:
    """A PNG file as the address that an HTML page holds it by."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def axes_of(theme: Theme, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure and its axes, named x and y."""
    figure = Figure(figsize=(4.8, 3.1), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x, color=theme.text)
    axes.set_ylabel(y, color=theme.text)
    axes.tick_params(colors=theme.text, length=0)
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return figure, axes
