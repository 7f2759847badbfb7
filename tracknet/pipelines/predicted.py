"""The predictions of a split, made by a network or taken from a file."""

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.checkpoint import load
from tracknet.data.predictions import (
    candidates_beside,
    read_candidates,
    read_predictions,
    write_candidates,
    write_predictions,
)
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.inference.tracking import Tracker
from tracknet.metrics import at_threshold, score
from tracknet.pipelines.common import candidates_of, lengths_of, report
from tracknet.types import Track


@dataclass(frozen=True)
class Predicted:
    """What is known of a written predictions file.

    Attributes:
        tracks: What stands in it, clip by clip. This is scored, so that scoring the file again
            gives the same figures.
        missing: Frames of which nobody predicted anything.
        facts: How it came to be, for people.
        figures: What only the network that made it can tell: its frames per second, and the
            protocols at threshold 0.5.
        best: Of a network, each clip's best candidates, whatever their score.
    """

    tracks: dict[str, Track]
    missing: int
    facts: dict[str, str]
    figures: dict[str, Any] = field(default_factory=dict)
    best: list[Track] | None = None


def by_network(
    config: Mapping[str, Any], clips: Sequence[StoredClip], tracker: Tracker | None, target: Path
) -> Predicted:
    """Writes a checkpoint's predictions to `target`, with their candidates beside it.

    Those at threshold 0.5 are written too, as `<name>_at_0.5.csv`, for comparison with runs whose
    best threshold is another.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    choices = {key: config[key] for key in ("threshold", "overlap", "device", "batch_size")}
    predictor = load(config["ckpt"], **choices)
    started = time.perf_counter()
    found = candidates_of(predictor, clips)
    best = [clip.track(each[:, 0]) for clip, each in zip(clips, found, strict=True)]
    candidates = {c.clip.name: _original(c, each) for c, each in zip(clips, found, strict=True)}

    def accepted(threshold: float) -> dict[str, Track]:
        if tracker:
            return _tracked(tracker, candidates, threshold, clips)
        return {name: at_threshold(b, threshold) for name, b in zip(candidates, best, strict=True)}

    at_best = accepted(predictor.threshold)
    seconds = time.perf_counter() - started
    write_predictions(target, at_best)
    write_candidates(candidates_beside(target), candidates)
    at_half = target.with_name(f"{target.stem}_at_0.5.csv")
    write_predictions(at_half, accepted(0.5))
    lengths = lengths_of(clips)
    half, *_ = read_predictions(at_half, lengths)
    return Predicted(
        read_predictions(target, lengths)[0],
        missing=0,
        facts={
            "checkpoint": str(config["ckpt"]),
            "threshold": f"{predictor.threshold:.2f}",
            "overlap": predictor.overlap,
        },
        figures={
            "frames_per_second": sum(map(len, clips)) / seconds,
            "protocols_at_0.5": score(
                [clip.labels for clip in clips], [half[clip.clip.name] for clip in clips]
            ),
        },
        best=best,
    )


def from_file(
    config: Mapping[str, Any], clips: Sequence[StoredClip], tracker: Tracker | None, target: Path
) -> Predicted:
    """Writes a predictions file to `target`: as it is, above a threshold, or tracked anew.

    Raises:
        InputError: It cannot be read, or tracking lacks a threshold or the candidates beside it.
    """
    source, threshold = Path(config["predictions"]), config["threshold"]
    facts, lengths = {"predictions": str(source)}, lengths_of(clips)
    if threshold is not None:
        facts["threshold"] = f"{threshold:.2f}"
    if tracker:
        if threshold is None:
            raise InputError(
                "tracking a predictions file needs the threshold from which a candidate is "
                "certain; set threshold= to the one that its report names"
            )
        candidates = read_candidates(candidates_beside(source), lengths)
        write_predictions(target, _tracked(tracker, candidates, threshold, clips))
        return Predicted(read_predictions(target, lengths)[0], 0, facts)
    given, missing, problems = read_predictions(source, lengths)
    report(problems)
    if threshold is None:
        with suppress(shutil.SameFileError):  # scored where it lies
            shutil.copyfile(source, target)
        return Predicted(given, missing, facts)
    write_predictions(target, {name: at_threshold(t, threshold) for name, t in given.items()})
    kept, *_ = read_predictions(target, lengths)
    return Predicted(kept, missing, facts)


def _original(clip: StoredClip, candidates: np.ndarray) -> np.ndarray:
    """Candidates (N,K,3) in network pixels, moved to original ones."""
    xy = clip.letterbox.to_original(candidates[..., :2])
    return np.concatenate([xy, candidates[..., 2:]], -1)


def _tracked(
    tracker: Tracker,
    candidates: Mapping[str, np.ndarray],
    threshold: float,
    clips: Sequence[StoredClip],
) -> dict[str, Track]:
    """The trajectory of each clip; `candidates` are in the order of the clips."""
    return {
        name: tracker.track(found, threshold, clip.labels.size)
        for (name, found), clip in zip(candidates.items(), clips, strict=True)
    }
