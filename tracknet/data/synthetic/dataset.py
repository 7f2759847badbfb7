"""The embedded dataset: renders the clips that are missing, then reads them like any other."""

import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Literal

import cv2

from tracknet.console import progress
from tracknet.data.formats.base import ALL
from tracknet.data.formats.shuttlecock import Shuttlecock
from tracknet.data.predictions import LABEL_COLUMNS, write_table
from tracknet.data.synthetic.render import FPS, match_of, scene
from tracknet.files import whole_file
from tracknet.problems import Problem
from tracknet.types import Clip
from tracknet.values import Folder, Many, ManyOrNone, Seed, Size
from tracknet.video import VideoWriter

VERSION = 2  # raise it when what is rendered changes: old folders are then left alone
CRF = 28  # a broadcast stream's compression
FRAMES_A_WORKER = 500  # a worker takes a second or two to start; less work is not worth one


class Synthetic(Shuttlecock):
    """Rendered rallies on disk, in the layout of TrackNetV2.

    They lie in a folder below `cache` that is named after the parameters and the generator's
    version, so that clips are rendered once and never mixed up.

    Args:
        cache: Folder below which the rendered clips are kept.
        clips: Number of clips of each split.
        frames: Frames of each clip, at 30 a second.
        size: (H, W) of the frames, pixels.
        seed: Every clip is a function of (seed, split, number of the clip).
    """

    name = "synthetic"

    def __init__(
        self,
        cache: Folder,
        clips: Mapping[Literal["train", "val", "test"], ManyOrNone],
        frames: Many,
        size: Size = (360, 640),
        seed: Seed = 0,
    ) -> None:
        self.counts = {split: int(count) for split, count in clips.items()}
        self.frames, self.size, self.seed = frames, (int(size[0]), int(size[1])), seed
        known = json.dumps([VERSION, self.counts, frames, self.size, seed], sort_keys=True)
        folder = f"v{VERSION}-{sha256(known.encode()).hexdigest()[:10]}"
        super().__init__(Path(cache) / folder, {split: [split] for split in self.counts})

    def find(self, part: str) -> Iterator[tuple[str, str]]:
        """Of all clips, rendered or not."""
        for clip in range(1, self.counts[part] + 1):
            yield f"{part}/match{match_of(clip)}", f"r{clip:05d}"

    def clips(self, split: str) -> tuple[list[Clip], list[Problem]]:
        tasks = [
            (self.base, self.seed, own, clip, self.frames, self.size)
            for own in (self.counts if split == ALL else [split])
            for clip in range(1, self.counts.get(own, 0) + 1)
            if not all(path.exists() for path in clip_files(self.base, own, clip))
        ]
        frames = len(tasks) * self.frames
        with progress(transient=True) as bar:
            task = bar.add_task(f"rendering {split}", total=len(tasks))
            for _ in _rendered(tasks, frames):
                bar.advance(task)
        return super().clips(split)


def clip_files(root: Path, split: str, clip: int) -> tuple[Path, Path]:
    """The video and the labels of clip 1, 2, ... of a split."""
    match, rally = root / split / f"match{match_of(clip)}", f"r{clip:05d}"
    return match / "video" / f"{rally}.mp4", match / "csv" / f"{rally}_ball.csv"


def render_clip(
    root: Path, seed: int, split: str, clip: int, frames: int, size: tuple[int, int]
) -> None:
    """Writes one clip; each of its two files appears whole or not at all, the labels last."""
    files = clip_files(root, split, clip)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    scenery = scene(seed, split, clip, frames, size)
    with (
        whole_file(files[0]) as video,
        VideoWriter(video, size, Fraction(FPS), crf=CRF) as writer,
    ):
        for index in range(frames):
            image, ball = scenery.frame(index)
            writer.write(image)
            rows.append((index, f"{ball.visible:d}", *(f"{place:.3f}" for place in ball.xy)))
    write_table(files[1], LABEL_COLUMNS, rows)


def _rendered(tasks: list[tuple], frames: int) -> Iterator[None]:
    """Renders clips, in parallel where it pays; yields as each of them is done."""
    # macOS and Windows do not say which cores a process may use.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(cores or 1, len(tasks), frames // FRAMES_A_WORKER)
    if workers < 2:
        for task in tasks:
            yield render_clip(*task)
        return
    # Spawned, not forked: a fork of a process in which torch runs threads may hang.
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, cv2.setNumThreads, (1,))
    try:
        for done in as_completed([pool.submit(render_clip, *task) for task in tasks]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)
