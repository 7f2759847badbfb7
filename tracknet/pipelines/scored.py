"""The predictions of a split that are scored, made by a network or taken from a file."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tracknet.build import build
from tracknet.console import warn
from tracknet.data.predictions import (
    PredictionError,
    candidates_beside,
    read_candidates,
    read_predictions,
    write_candidates,
    write_predictions,
)
from tracknet.data.store import StoredClip
from tracknet.devices import pick_device
from tracknet.errors import InputError
from tracknet.inference.tracking import Tracker
from tracknet.machine import cores, processor
from tracknet.metrics import at_threshold
from tracknet.owned import own_file
from tracknet.pipelines.common import lengths_of, load_predictor, looked_at, report
from tracknet.record import digest, read_checkpoint, whole_state
from tracknet.types import Track


@dataclass(frozen=True)
class Scored:
    """What is known of a predictions file that was written to be scored.

    Attributes:
        facts: How it came to be, for people.
        speed: Of the network that made it, frames per second.
        half: Of a network, the file of what it predicts at threshold 0.5.
        weights: Of a network, the digest of its state.
        candidates: Each clip's, (N,K,3), original pixels and score, where they are known.
    """

    facts: dict[str, str]
    speed: float | None = None
    half: Path | None = None
    weights: str | None = None
    candidates: list[np.ndarray] | None = None


def by_network(config: Mapping[str, Any], clips: Sequence[StoredClip], target: Path) -> Scored:
    """Writes a checkpoint's predictions to `target`, with their candidates beside it.

    Those at threshold 0.5 are written too, as `<name>_at_0.5.csv`, for comparison with runs whose
    best threshold is another.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    predictor = load_predictor(config)
    tracker = predictor.tracker
    started = time.perf_counter()
    names = [clip.clip.name for clip in clips]
    candidates = dict(zip(names, looked_at(predictor, clips), strict=True))
    best = [Track.of_best(each[:, 0]) for each in candidates.values()]

    def accepted(threshold: float) -> dict[str, Track]:
        if tracker:
            return _tracked(tracker, candidates, threshold, clips)
        return {name: at_threshold(b, threshold) for name, b in zip(candidates, best, strict=True)}

    at_best = accepted(predictor.threshold)
    seconds = time.perf_counter() - started
    at_half = half_beside(target)
    with own_file(target), own_file(candidates_beside(target)), own_file(at_half):
        write_predictions(target, at_best)
        write_candidates(candidates_beside(target), candidates)
        write_predictions(at_half, accepted(0.5))
    facts = {
        "checkpoint": str(config["ckpt"]),
        "threshold": f"{predictor.threshold:.2f}",
        "overlap": predictor.overlap,
        "tracking": tracker.name if tracker else "none",
        "machine": _machine(pick_device(config["device"])),
    }
    if look := predictor.look:
        facts["second look"] = look.name
    weights = digest(whole_state(read_checkpoint(config["ckpt"])))
    # What stands in the file, as of the predictions.
    written = read_candidates(candidates_beside(target), lengths_of(clips))
    speed = sum(map(len, clips)) / seconds
    return Scored(facts, speed, at_half, weights, [*written.values()])


def _machine(device: torch.device) -> str:
    """What the network ran on."""
    on_gpu = device.type == "cuda"
    return torch.cuda.get_device_name(device) if on_gpu else f"{processor()}, {cores()}"


def from_file(config: Mapping[str, Any], clips: Sequence[StoredClip], target: Path) -> Scored:
    """Writes a predictions file to `target`: as it is, above a threshold, or tracked anew.

    Candidates beside it are told of; if they are of other clips, which only tracking minds, that is
    said and there are none.

    Raises:
        InputError: It cannot be read, or tracking lacks a threshold or the candidates beside it.
    """
    source, threshold = Path(config["predictions"]), config["threshold"]
    facts, lengths = {"predictions": str(source)}, lengths_of(clips)
    if threshold is not None:
        facts["threshold"] = f"{threshold:.2f}"
    if tracker := build(config, "tracking"):
        facts["tracking"] = tracker.name
        if threshold is None:
            raise InputError(
                "tracking a predictions file needs the threshold from which a candidate is "
                "certain; set threshold= to the one that its report names"
            )
        candidates = read_candidates(candidates_beside(source), lengths)
        with own_file(target):
            write_predictions(target, _tracked(tracker, candidates, threshold, clips))
        return Scored(facts, candidates=[*candidates.values()])
    given, missing, problems = read_predictions(source, lengths)
    report(problems)
    facts = {"frames without a row": str(missing), **facts}
    if threshold is not None:
        with own_file(target):
            accepted = {name: at_threshold(t, threshold) for name, t in given.items()}
            write_predictions(target, accepted)
    elif not (target.exists() and source.samefile(target)):  # else it is scored where it lies
        with own_file(target):
            shutil.copyfile(source, target)
    return Scored(facts, candidates=_candidates_of(source, lengths))


def _candidates_of(source: Path, lengths: Mapping[str, int]) -> list[np.ndarray] | None:
    """The candidates beside a predictions file, if they are its."""
    file = candidates_beside(source)
    if not file.is_file():
        return None
    try:
        return [*read_candidates(file, lengths).values()]
    except PredictionError as error:
        warn(f"{error}. The figures are without candidates")
        return None


def half_beside(target: Path) -> Path:
    """The file of what a network predicts at threshold 0.5, beside its predictions."""
    return target.with_name(f"{target.stem}_at_0.5.csv")


def _tracked(
    tracker: Tracker,
    candidates: Mapping[str, np.ndarray],
    threshold: float,
    clips: Sequence[StoredClip],
) -> dict[str, Track]:
    """The trajectory of each clip; `candidates` are in the order of the clips."""
    return {
        name: tracker.track(found, threshold, clip.fit.source)
        for (name, found), clip in zip(candidates.items(), clips, strict=True)
    }
