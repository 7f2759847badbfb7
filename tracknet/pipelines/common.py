"""What several pipelines need: the data of a configuration and its best candidates."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.progress import Progress

from tracknet.build import build
from tracknet.data.formats.base import Dataset, DataWarning, LabelError, strict_data
from tracknet.data.store import FrameStore, StoredClip
from tracknet.inference.overlap import OVERLAPS
from tracknet.inference.predictor import Predictor
from tracknet.types import UNLABELLED, Clip


def find_clips(config: Mapping[str, Any], dataset: Dataset, split: str) -> list[Clip]:
    """The labelled clips of a split, not yet decoded; what is wrong with them is reported.

    Raises:
        LabelError: Something is wrong with the labels and `config["strict"]` is set, or the split
            holds nothing that can be used.
    """
    with strict_data(config["strict"]):
        return dataset.clips(split)[: config["max_clips"]]


def open_clips(
    config: Mapping[str, Any], clips: Sequence[Clip], image_size: tuple[int, int]
) -> list[StoredClip]:
    """Clips from the frame store; what is wrong with them is reported.

    Raises:
        LabelError: `config["strict"]` is set and labels do not fit their video, or no clip can be
            used.
        VideoError: `config["strict"]` is set and a clip cannot be decoded.
    """
    store = FrameStore(config["paths"]["store"], image_size)
    with strict_data(config["strict"]):
        stored, problems = store.open(clips, config["strict"])
        usable = []
        for clip in stored:
            if (clip.labels.visibility == UNLABELLED).all():
                problems[clip.clip.name] = "none of its labels belongs to a frame of its video"
            else:
                usable.append(clip)
        if not usable:
            name, message = next(iter(problems.items()))
            raise LabelError(f"none of {len(clips)} clips can be used; {name}: {message}")
        for name, message in problems.items():
            warnings.warn(f"clip {name} is left out: {message}", DataWarning, stacklevel=2)
    return usable


def build_dataset(config: Mapping[str, Any]) -> Dataset:
    """The dataset of group ``data``."""
    return build(config, "data")


def lengths_of(clips: Sequence[StoredClip]) -> dict[str, int]:
    """How many frames each clip has, by name."""
    return {clip.clip.name: len(clip) for clip in clips}


def candidates_of(predictor: Predictor, clips: Sequence[StoredClip]) -> list[np.ndarray]:
    """Candidates (N,K,3) in network pixels of every clip, with a progress bar."""
    return _over_clips(predictor.network_frames, predictor, clips)


def candidates_of_overlaps(
    predictor: Predictor, clips: Sequence[StoredClip]
) -> dict[str, list[np.ndarray]]:
    """As `candidates_of`, for every choice of `overlap`, in one pass of the network."""
    found = _over_clips(predictor.every_overlap, predictor, clips)
    return {name: [clip[name] for clip in found] for name in OVERLAPS}


def _over_clips(
    find: Callable[[np.ndarray, np.ndarray | None], Any],
    predictor: Predictor,
    clips: Sequence[StoredClip],
) -> list[Any]:
    """What is found in the frames and background of every clip, with a progress bar."""
    found = []
    with Progress(transient=True) as progress:
        task = progress.add_task("predicting clips", total=sum(map(len, clips)))
        for clip in clips:
            background = clip.background if predictor.model.background else None
            found.append(find(clip.frames, background))
            progress.advance(task, len(clip))
    return found
