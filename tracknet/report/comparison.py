"""The page that compares runs."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.metrics import Outcome
from tracknet.report.crops import draw, fetch_frames
from tracknet.report.page import card, cell, table, write_page
from tracknet.report.worst import Disagreement, worst_disagreements
from tracknet.types import ABSENT, Clip, Labels, Track

SAID = {
    Outcome.TP: "found it",
    Outcome.FP1: "has it in a wrong place",
    Outcome.FP2: "sees one where none is",
    Outcome.FN: "missed it",
    Outcome.TN: "sees none, as it is",
}


def write_comparison(
    path: Path,
    facts: Mapping[str, str],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    runs: Mapping[str, Sequence[Track]],
    comparison: Mapping[str, Any],
) -> None:
    """Writes ``comparison.html``: figures, clips and the frames on which runs disagree.

    Args:
        path: The HTML file; an older one is replaced.
        facts: What was compared, shown as name and value.
        clips: The scored clips; the videos of those with pictures are read.
        labels: Their labels, original pixels.
        runs: Name -> predictions of the clips, original pixels; the first is what the others are
            compared with.
        comparison: The contents of ``comparison.json``.

    Raises:
        VideoError: A video that is needed cannot be read.
    """
    first, *others = runs
    body = f"""<section>
<h2>Runs</h2>
{_figures(comparison["runs"])}
<p class="note">Differences to {escape(first)}, in points, with their 95 % intervals: a paired
bootstrap, each set of clips scored with both. Where 0 is outside, in <b>bold</b>, one is better on
clips like these; a single clip has no interval.</p>
</section>
<section>
<h2>Clips</h2>
<div class="tall">{_clips(first, others, comparison["clips"])}</div>
<p class="note">F1 of protocol strict; differences to {escape(first)} in points. The clips with the
largest difference come first.</p>
</section>
{"".join(_pictures(first, other, clips, labels, runs) for other in others)}"""
    write_page(path, f"{first} and {', '.join(others)}", facts, body)


def _figures(runs: Mapping[str, Mapping[str, Any]]) -> str:
    headings = ["Run"]
    for protocol in ("strict", "wasb"):
        headings += [f"{protocol} F1 %", "Difference", "95 % interval"]
    rows = {}
    for name, protocols in runs.items():
        rows[name] = []
        for figures in protocols.values():
            rows[name].append(cell(f"{100 * figures['f1']:.2f}"))
            if "difference" not in figures:
                rows[name] += [cell("&ndash;")] * 2
                continue
            ends = figures["difference_interval"]
            kind = "sure" if ends and (ends[0] > 0 or ends[1] < 0) else ""
            interval = " to ".join(f"{100 * end:+.2f}" for end in ends) if ends else "&ndash;"
            difference = f"{100 * figures['difference']:+.2f}"
            rows[name] += [cell(difference, kind), cell(interval, kind)]
    return table(headings, rows)


def _clips(first: str, others: Sequence[str], clips: Mapping[str, Mapping[str, float]]) -> str:
    headings = ["Clip", first]
    for other in others:
        headings += [other, "Difference"]

    def largest(name: str) -> float:
        return max(abs(clips[name][other] - clips[name][first]) for other in others)

    rows = {}
    for name in sorted(clips, key=largest, reverse=True):
        f1 = clips[name]
        rows[name] = [cell(f"{100 * f1[first]:.2f}")]
        for other in others:
            difference = 100 * (f1[other] - f1[first])
            kind = "better" if difference > 0 else "worse" if difference < 0 else ""
            rows[name] += [cell(f"{100 * f1[other]:.2f}"), cell(f"{difference:+.2f}", kind)]
    return table(headings, rows)


def _pictures(
    first: str,
    other: str,
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    runs: Mapping[str, Sequence[Track]],
) -> str:
    found = worst_disagreements(labels, runs[first], runs[other])
    frames = fetch_frames([(one.clip, one.frame) for one in found], clips)
    cards = "".join(
        _card(
            one,
            (first, other),
            clips[one.clip],
            labels[one.clip],
            [runs[name][one.clip] for name in (first, other)],
            frames.get((one.clip, one.frame)),
        )
        for one in found
    )
    return f"""<section>
<h2>Where {escape(first)} and {escape(other)} disagree</h2>
<p class="note">Frames that one of them alone has right, protocol strict.
<span class="ring"></span> Label. <span class="cross">&times;</span>&nbsp;{escape(first)},
<span class="cross other">&times;</span>&nbsp;{escape(other)}. Magnified 3 times.</p>
<div class="cards">{cards or "<p>Nowhere.</p>"}</div>
</section>"""


def _card(
    found: Disagreement,
    names: tuple[str, str],
    clip: Clip,
    labels: Labels,
    tracks: Sequence[Track],
    picture: np.ndarray | None,
) -> str:
    crop = None
    if picture is not None:
        points = [t.xy[found.frame] if t.visible[found.frame] else None for t in tracks]
        ball = labels.visibility[found.frame] > ABSENT
        crop = draw(picture, labels.xy[found.frame] if ball else None, *points)
    said = "<br>".join(
        f"<b>{escape(name)}</b> {SAID[outcome]}"
        for name, outcome in zip(names, found.outcomes, strict=True)
    )
    caption = f"{said}<br>{escape(clip.name)}, frame {found.frame}"
    return card(crop, f"Frame {found.frame} of {clip.name}", caption)
