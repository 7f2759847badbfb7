"""What several pipelines need: the data of a configuration and its best candidates."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.progress import Progress

from tracknet.build import build
from tracknet.data.formats.base import Dataset, DataWarning, strict_data
from tracknet.data.store import FrameStore, StoredClip
from tracknet.inference.predictor import Predictor


def open_split(
    config: Mapping[str, Any], dataset: Dataset, split: str, image_size: tuple[int, int]
) -> list[StoredClip]:
    """The clips of a split from the frame store; what is wrong with them is reported.

    Raises:
        LabelError: Something is wrong with the labels and `config["strict"]` is set, or the split
            holds nothing that can be used.
        VideoError: `config["strict"]` and a clip is broken, or none can be decoded.
    """
    store = FrameStore(config["paths"]["store"], image_size)
    with strict_data(config["strict"]):
        clips, problems = store.open(dataset.clips(split)[: config["max_clips"]], config["strict"])
        for name, message in problems.items():
            warnings.warn(f"clip {name} is left out: {message}", DataWarning, stacklevel=2)
    return clips


def build_dataset(config: Mapping[str, Any]) -> Dataset:
    """The dataset of group ``data``."""
    return build(config["data"])


def candidates_of(predictor: Predictor, clips: Sequence[StoredClip]) -> list[np.ndarray]:
    """Candidates (N,K,3) in network pixels of every clip, with a progress bar."""
    found = []
    with Progress(transient=True) as progress:
        task = progress.add_task("predicting clips", total=sum(map(len, clips)))
        for clip in clips:
            background = clip.background if predictor.model.background else None
            found.append(predictor.network_frames(clip.frames, background))
            progress.advance(task, len(clip))
    return found
