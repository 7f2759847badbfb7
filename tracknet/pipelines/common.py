"""What several pipelines need: the data of a configuration and its best candidates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tracknet.build import build
from tracknet.checkpoint import load
from tracknet.console import progress, warn
from tracknet.data.folds import Fold
from tracknet.data.formats.base import LEFT_OUT, Dataset, LabelError
from tracknet.data.store import FrameStore, StoredClip
from tracknet.geometry import to_original
from tracknet.inference.predictor import Predictor
from tracknet.problems import Problem
from tracknet.types import UNLABELLED, Clip


def report(problems: Iterable[Problem], strict: bool = False) -> None:
    """Shows problems, one a line.

    Raises:
        LabelError: `strict` is set, and there is one.
    """
    for problem in problems:
        if strict:
            message = problem.message.removesuffix(LEFT_OUT)
            raise LabelError(f"{message} (an error because of strict=true)")
        warn(problem.message)


def _report_all(problems: Sequence[Problem], strict: bool, left: Sequence, none: str) -> None:
    """Shows problems and, where nothing is left, refuses to go on."""
    report(problems, strict)
    if not left:
        raise LabelError(f"{none} can be used; {problems[0].message.removesuffix(LEFT_OUT)}")


def open_dataset(config: Mapping[str, Any]) -> Dataset:
    """The dataset of a configuration, divided anew where ``fold`` names a match to be left out."""
    dataset = build(config, "data")
    return dataset if config.get("fold") is None else Fold(dataset, config["fold"])


def find_clips(config: Mapping[str, Any], dataset: Dataset, split: str) -> list[Clip]:
    """The labelled clips of a split, not yet decoded; what is wrong with them is reported.

    Raises:
        LabelError: Something is wrong with the labels and `config["strict"]` is set, or the split
            holds nothing that can be used.
    """
    clips, problems = dataset.clips(split)
    count = len({problem.clip for problem in problems})
    _report_all(problems, config["strict"], clips, f"split {split}: none of its {count} clips")
    return clips[: config["max_clips"]]


def open_clips(config: Mapping[str, Any], clips: Sequence[Clip]) -> list[StoredClip]:
    """Clips from the frame store, at the network size of `config`; what is wrong is reported.

    Raises:
        LabelError: Something is wrong and `config["strict"]` is set, or no clip can be used.
    """
    stored, problems = open_store(config).open(clips)
    usable = []
    for clip in stored:
        if (clip.labels.visibility == UNLABELLED).all():
            name = clip.clip.name
            message = f"clip {name}: none of its labels belongs to a frame of its video{LEFT_OUT}"
            problems.append(Problem("unlabelled", name, None, message))
        else:
            usable.append(clip)
    _report_all(problems, config["strict"], usable, f"none of {len(clips)} clips")
    return usable


def load_predictor(config: Mapping[str, Any]) -> Predictor:
    """The network of `config["ckpt"]`, which does what its settings say.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    names = ("threshold", "quality", "overlap", "device", "batch_size", "trust")
    # The group is there once something was chosen of it, and empty for none.
    said = (build(config, "tracking") or "none") if "tracking" in config else None
    return load(config["ckpt"], **{name: config[name] for name in names}, tracking=said)


def open_store(config: Mapping[str, Any]) -> FrameStore:
    """The frame store of a configuration."""
    return FrameStore(config["paths"]["store"], config["image_size"], build(config, "fit"))


def lengths_of(clips: Sequence[StoredClip]) -> dict[str, int]:
    """How many frames each clip has, by name."""
    return {clip.clip.name: len(clip) for clip in clips}


def candidates_of(
    predictor: Predictor,
    clips: Sequence[StoredClip],
    find: Callable[[Predictor, np.ndarray, np.ndarray | None], Any] = Predictor.network_frames,
) -> list[Any]:
    """What `find` gives for every clip, with a progress bar: candidates (N,K,3) network pixels."""
    found = []
    with progress(transient=True) as bar:
        task = bar.add_task("predicting clips", total=sum(map(len, clips)))
        for clip in clips:
            background = clip.background if predictor.network.background else None
            found.append(find(predictor, clip.frames, background))
            bar.advance(task, len(clip))
    return found


def looked_at(predictor: Predictor, clips: Sequence[StoredClip]) -> list[np.ndarray]:
    """Each clip's candidates (N,K,3), original pixels, after a second look if there is one."""
    found = candidates_of(predictor, clips)
    seen = [to_original(clip.fit, own) for clip, own in zip(clips, found, strict=True)]
    if (look := predictor.look) is None:
        return seen
    sources = (clip.clip.source for clip in clips)
    return [look.of_video(source, own) for source, own in zip(sources, seen, strict=True)]
