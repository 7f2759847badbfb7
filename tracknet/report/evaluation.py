"""The report of an evaluation."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.metrics import CAUSES, errors, precision_recall
from tracknet.report.crops import pictures
from tracknet.report.learning import learning_curves
from tracknet.report.page import write_page
from tracknet.report.plots import (
    REPORTED,
    SPEED,
    error_histogram,
    missed_bars,
    offset_bars,
    pck_curve,
    plot,
    precision_recall_curve,
)
from tracknet.report.trajectories import chart
from tracknet.report.worst import worst_mistakes
from tracknet.types import Clip, Labels, Track

MOST = 12
"""Clips of which trajectories are shown."""
RADII = {f"{radius} px": str(radius) for radius in (2, 4, 8, 16)}
"""Of those of the PCK, the columns of a table."""
OTHERS = "others"
"""Missed balls of which no candidates are known."""


def write_report(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    tracks: Sequence[Track],
    candidates: Sequence[np.ndarray] | None,
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
        candidates: Theirs, (N,K,3), best first, original pixels and score, for the precision-recall
            curve; without them it ends at the predictions.
        metrics: The contents of ``metrics.json``.
        run: The run directory, or the checkpoint in it, whose learning curves are shown.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
        VideoError: A video that is needed cannot be read.
    """
    strict, groups = metrics["protocols"]["strict"], metrics["breakdown"]
    best = tracks if candidates is None else [_best(own) for own in candidates]
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
    near, causes = metrics["localisation"], [name for name in CAUSES if name in groups["all"]]
    others = near.get("pck_candidates", {})
    balls = {
        name: row for name, row in groups["speed"].items() if row["tp"] + row["fp1"] + row["fn"]
    }

    def missed(rows: Mapping[str, Any]) -> dict[str, dict[str, int]]:
        shown = {name: {cause: own[cause] for cause in causes} for name, own in rows.items()}
        if len(causes) < len(CAUSES):  # nothing is known of the others
            for name, own in rows.items():
                shown[name][OTHERS] = own["fp1"] + own["fn"] - sum(shown[name].values())
        return {_short(name): own for name, own in shown.items()}

    write_page(
        path,
        "evaluation",
        title=title,
        facts=facts,
        metrics=metrics,
        protocols=protocols,
        visibility={name: _without(CAUSES, row) for name, row in groups["visibility"].items()},
        speeds={name: _without(("fp2", "tn"), row) for name, row in balls.items()},
        radii=RADII,
        reach={REPORTED: near["pck"]}
        | {f"any candidate, score > {score}": own for score, own in others.items()},
        losses=plot(missed_bars, missed(balls), SPEED),
        gaps=plot(missed_bars, missed(groups["gap"]), "consecutive missed balls (frames)"),
        offsets=plot(offset_bars, {_short(name): metrics["offset"][name] for name in balls}),
        histogram=plot(error_histogram, errors(labels, tracks)),
        pck=plot(pck_curve, near["pck"], others),
        curve=plot(
            precision_recall_curve,
            *precision_recall(labels, best),
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


def _best(candidates: np.ndarray) -> Track:
    """Each frame's best candidate, none rejected."""
    best = candidates[:, 0]
    return Track(best[:, :2], best[:, 2], np.full(len(best), "detected"))


def _without(columns: Sequence[str], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in columns}


def _short(name: str) -> str:
    """The name of a bin, below its bar."""
    name = re.sub(r" (px|frames)\b", "", name).replace(" and more", "+")
    return re.sub(" (to|or) ", "-", name)
