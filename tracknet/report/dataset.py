"""What a dataset holds and what is wrong with it, as one HTML file."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tracknet.data.store import StoredClip
from tracknet.report.crops import draw
from tracknet.report.page import breakable, card, cell, plot, table, tiles, write_page
from tracknet.report.plots import Theme, axes_of
from tracknet.types import ABSENT, UNLABELLED

SAMPLES = 12
FASTEST = 60
"""Pixels a frame of the last bar of speeds."""


def write_dataset(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    splits: Mapping[str, Sequence[StoredClip]],
    problems: pd.DataFrame,
) -> None:
    """Writes the page; it loads nothing.

    Args:
        path: The HTML file; an older one is replaced.
        title: Its heading.
        facts: What it is about.
        splits: The stored clips of every split.
        problems: As `problems.csv` has them.
    """
    clips = [clip for own in splits.values() for clip in own]
    body = f'<section class="tiles">{_tiles(clips, len(problems))}</section>'
    body += f"<section><h2>Splits</h2>{_splits(splits)}</section>"
    body += f"<section><h2>Problems</h2>{_problems(problems)}</section>"
    if any((clip.labels.visibility > ABSENT).any() for clip in clips):
        body += f"""<section class="plots">
<figure><h2>Where balls are</h2>{plot(positions(clips), "Positions of balls")}
<figcaption>Labels of all clips, as shares of the frame.</figcaption></figure>
<figure><h2>How fast they move</h2>{plot(speeds(clips), "Speeds of balls")}
<figcaption>Distance of the labels of neighbouring frames.</figcaption></figure>
</section>
<section><h2>Labels</h2><div class="cards">{"".join(_samples(clips))}</div>
<p class="note">At network size, magnified 3 times; the ring is 4 px round the label.</p>
</section>"""
    write_page(path, title, facts, body)


def _tiles(clips: Sequence[StoredClip], problems: int) -> str:
    states = _states(clips)
    labelled = (states != UNLABELLED).sum()
    share = (states > ABSENT).sum() / max(1, labelled)
    return tiles(
        [
            ("Clips", f"{len(clips):,}", f"{len({clip.clip.match for clip in clips})} matches"),
            ("Frames", f"{len(states):,}", f"{labelled:,} labelled"),
            ("With a ball", f"{share:.0%}", "of the labelled frames"),
            ("Problems", f"{problems:,}", "see below" if problems else "none found"),
        ]
    )


def _states(clips: Sequence[StoredClip]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.int8), *(clip.labels.visibility for clip in clips)])


def _splits(splits: Mapping[str, Sequence[StoredClip]]) -> str:
    rows = {}
    for split, clips in splits.items():
        states = _states(clips)
        sizes = sorted({"{1}x{0}".format(*clip.fit.source) for clip in clips})
        rates = sorted({f"{float(clip.fps):.4g}" for clip in clips})
        counts = (states > ABSENT).sum(), (states == ABSENT).sum(), (states == UNLABELLED).sum()
        figures = [len(clips), len(states), *counts]
        cells = [f"{figure:,}" for figure in figures] + [", ".join(sizes), ", ".join(rates)]
        rows[split] = [cell(text) for text in cells]
    columns = ["Split", "Clips", "Frames", "Ball", "No ball", "Unlabelled", "Sizes", "Frames/s"]
    return table(columns, rows)


def _problems(problems: pd.DataFrame) -> str:
    if problems.empty:
        return "<p>None was found.</p>"
    rows = "".join(
        f"<tr><th>{breakable(clip)}</th><td>{'' if pd.isna(frame) else frame}</td>"
        f"<td>{escape(kind)}</td><td>{escape(message)}</td></tr>"
        for clip, frame, kind, message in problems.itertuples(index=False)
    )
    head = "".join(f"<th>{name}</th>" for name in problems.columns)
    inner = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="tall"><div class="scroll">{inner}</div></div>'


def positions(clips: Sequence[StoredClip]) -> Callable[[Theme], Figure]:
    """Where in the frame balls are labelled."""
    places = [
        clip.labels.xy[clip.labels.visibility > ABSENT] / clip.fit.source[::-1] for clip in clips
    ]

    def paint(theme: Theme) -> Figure:
        figure, axes = axes_of(theme, "x / width", "y / height")
        axes.scatter(*np.concatenate(places).T, s=3, alpha=0.3, color=theme.good, linewidths=0)
        axes.set_xlim(0, 1)
        axes.set_ylim(1, 0)
        return figure

    return paint


def speeds(clips: Sequence[StoredClip]) -> Callable[[Theme], Figure]:
    """How far balls move from one frame to the next."""
    steps = np.concatenate(
        [np.linalg.norm(np.diff(clip.labels.xy, axis=0), axis=1) for clip in clips]
    )
    steps = np.minimum(steps[np.isfinite(steps)], FASTEST)

    def paint(theme: Theme) -> Figure:
        figure, axes = axes_of(theme, "speed (original px a frame)", "frames")
        axes.hist(steps, range(0, FASTEST + 3, 2), color=theme.good, rwidth=0.88)
        return figure

    return paint


def _samples(clips: Sequence[StoredClip]) -> list[str]:
    """Crops at labels, evenly over all clips."""
    labelled = [
        (clip, int(frame))
        for clip in clips
        for frame in np.flatnonzero(clip.labels.visibility > ABSENT)
    ]
    chosen = np.linspace(0, len(labelled) - 1, min(SAMPLES, len(labelled))).astype(int)
    cards = []
    for clip, frame in (labelled[i] for i in chosen):
        crop = draw(np.array(clip.frames[frame]), clip.network_xy[frame])
        caption = f"{breakable(clip.clip.name)}, frame {frame}"
        cards.append(card(crop, f"Frame {frame} of {clip.clip.name}", caption))
    return cards
