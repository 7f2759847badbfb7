"""The report of an evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.metrics import errors, precision_recall
from tracknet.report.crops import pictures
from tracknet.report.learning import learning_curves
from tracknet.report.page import write_page
from tracknet.report.plots import error_histogram, pck_curve, plot, precision_recall_curve
from tracknet.report.trajectories import chart
from tracknet.report.worst import worst_mistakes
from tracknet.types import Clip, Labels, Track

MOST = 12
"""Clips of which trajectories are shown."""


def write_report(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    tracks: Sequence[Track],
    candidates: Sequence[Track] | None,
    metrics: Mapping[str, Any],
    run: Path | None = None,
) -> None:
    """Writes ``report.html``: figures, curves, trajectories and the worst frames; it loads nothing.

    Args:
        path: The HTML file; an older one is replaced.
        title: Its heading.
        facts: What was scored and how, shown as name and value.
        clips: The scored clips; the videos of those with the worst frames are read.
        labels: Their labels, of the length of the tracks, original pixels.
        tracks: Their predictions, original pixels.
        candidates: The best candidate of every frame, none rejected, for the precision-recall
            curve; without them it ends at the predictions.
        metrics: The contents of ``metrics.json``.
        run: The run directory, or the checkpoint in it, whose learning curves are shown.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
        VideoError: A video that is needed cannot be read.
    """
    strict, groups = metrics["protocols"]["strict"], metrics["breakdown"]
    scored = labels, tracks if candidates is None else candidates
    half = metrics.get("protocols_at_0.5", {})
    protocols = {
        name: own | ({"f1_at_half": half[name]["f1"]} if half else {})
        for name, own in metrics["protocols"].items()
    }
    order = sorted(range(len(clips)), key=lambda i: groups["clip"][clips[i].name]["f1"])
    worst = worst_mistakes(labels, tracks)
    apart = [
        np.linalg.norm(tracks[case.clip].xy[case.frame] - labels[case.clip].xy[case.frame])
        for case in worst
    ]
    write_page(
        path,
        "evaluation",
        title=title,
        facts=facts,
        metrics=metrics,
        protocols=protocols,
        speeds={
            name: row for name, row in groups["speed"].items() if row["tp"] + row["fp1"] + row["fn"]
        },
        histogram=plot(error_histogram, errors(labels, tracks)),
        pck=plot(pck_curve, metrics["localisation"]["pck"]),
        curve=plot(
            precision_recall_curve,
            *precision_recall(*scored),
            (strict["precision"], strict["recall"]),
        ),
        learning=list(learning_curves(run)) if run else [],
        clips=clips,
        tracks=tracks,
        trajectories=[
            (clips[i].name, chart(labels[i], tracks[i])) for i in order[:MOST] if len(labels[i])
        ],
        worst=list(zip(worst, apart, pictures(worst, clips, labels, tracks), strict=True)),
    )
