"""A second look: a small network that learns to judge what another one takes for the ball."""

import hashlib
import shutil
from pathlib import Path
from typing import Any, cast

from tracknet.checkpoint import load, read_trusted, trusting, with_look
from tracknet.console import command, progress, say
from tracknet.data.formats.base import Dataset
from tracknet.data.reels import Reels
from tracknet.data.store import StoredClip
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.geometry import to_original
from tracknet.inference.look import FAINT, LOOKS
from tracknet.inference.quality import QUALITIES, make_tracker
from tracknet.inference.tracking import OfflineTracker
from tracknet.metrics import best_tracked
from tracknet.pipelines.common import candidates_of, find_clips, looked_at, open_clips
from tracknet.pipelines.heatmaps import HeatmapTask, HeatmapTraining
from tracknet.record import KEY, LOOK, TRACKER, find_checkpoint, read_checkpoint, rewrite
from tracknet.types import Track
from tracknet.values import Count, Natural, Text

REELS = "reels"
"""Of a run directory, until its training ends: the patches that it learns from."""


class SecondLookTask(HeatmapTask):
    """Trains on patches round what a first network found; see `Task`.

    The run's network is the second one. What it is for is in `checkpoints/tracker.ckpt`: the first
    network and the second look, by which every command predicts that is given the run.

    Args:
        first: Run directory or checkpoint of the first network.
        zoom: How many times as large as the first network's pictures those are that patches are
            cut from.
        margin: By how many pixels training patches are larger, to be cropped out of.
    """

    step = None

    def __init__(self, first: Text, zoom: Count = 2, margin: Natural = 32) -> None:
        self.first = first
        self.zoom = zoom
        self.margin = margin

    def clips(self, config: dict[str, Any], dataset: Dataset) -> dict[str, list[StoredClip]]:
        file = find_checkpoint(self.first)
        _, record = read_trusted(file, config["trust"])
        own = {key: record.config[key] for key in ("image_size", "fit")}
        finder = load(file, overlap="none", tracking="none", trust=config["trust"])
        key = hashlib.sha256(file.read_bytes()).hexdigest()
        size = config["image_size"][0], config["image_size"][1]
        folder = Path(config["paths"]["output"], REELS)
        reels = Reels(folder, config["frames"], size, self.margin, key)
        splits = {}
        for split in ("train", "val"):
            clips = open_clips(config | own, find_clips(config, dataset, split))
            found = candidates_of(finder, clips)
            splits[split] = []
            with progress(transient=True) as bar:
                task = bar.add_task(f"cutting patches of {split}", total=len(clips))
                for clip, candidates in zip(clips, found, strict=True):
                    fine = finder.fit(clip.fit.source, self._fine(finder.image_size))
                    seen = to_original(clip.fit, candidates)
                    reel = (
                        reels.train(clip, fine, seen)
                        if split == "train"
                        else reels.val(clip, fine, seen[:, :LOOKS], FAINT)
                    )
                    splits[split] += [reel] if len(reel) else []
                    bar.advance(task)
            if not splits[split]:
                raise InputError(
                    f"task.first={self.first}: finds nothing in split {split}, at which one could "
                    "look a second time; train it longer first"
                )
        return splits

    def _fine(self, size: tuple[int, int]) -> tuple[int, int]:
        return size[0] * self.zoom, size[1] * self.zoom

    def finish(self, output: Path, training: HeatmapTraining) -> dict[str, float]:
        """Joins both networks, and chooses the threshold of what they say together."""
        shutil.rmtree(output / REELS, ignore_errors=True)  # gigabytes that nobody reads again
        look = read_checkpoint(find_checkpoint(output, "best"))
        return _finish(output, training, with_look(read_checkpoint(self.first), look, self.zoom))


class FirstLookTask(HeatmapTask):
    """Trains the first network of a tracker on, whose second look stays as it is; see `Task`.

    Args:
        tracker: Run directory, checkpoint or model of it.
    """

    def __init__(self, tracker: Text) -> None:
        self.tracker = tracker

    def finish(self, output: Path, training: HeatmapTraining) -> dict[str, float]:
        """Joins both networks, and chooses the threshold of what they say together."""
        look = read_checkpoint(self.tracker)[LOOK]
        first = read_checkpoint(find_checkpoint(output, "best"))
        return _finish(output, training, with_look(first, look, look["zoom"]))


def _finish(output: Path, training: HeatmapTraining, whole: dict[str, Any]) -> dict[str, float]:
    """Writes a tracker with its threshold, and says how good it is."""
    config = training.module.config
    whole["epoch"] = read_checkpoint(find_checkpoint(output, "best"))["epoch"]
    tracker = output / "checkpoints" / f"{TRACKER}.ckpt"
    rewrite(tracker, whole)
    predictor = load(tracker, overlap="none", tracking="none", trust=config["trust"])
    own = whole[KEY]["config"]
    first = config | {key: own[key] for key in ("image_size", "fit")}
    clips = open_clips(first, find_clips(config, training.dataset, "val"))
    found = looked_at(predictor, clips)
    path = cast(OfflineTracker, make_tracker(QUALITIES["best"].tracking))

    def tracked(threshold: float) -> list[Track]:
        pairs = zip(found, clips, strict=True)
        return [path.track(own, threshold, clip.fit.source) for own, clip in pairs]

    threshold, f1 = best_tracked([clip.labels for clip in clips], tracked)
    whole[KEY] |= {"thresholds": whole[KEY]["thresholds"] | {LOOK: threshold}, "val_f1": f1}
    rewrite(tracker, whole)
    figures = {"epoch": whole["epoch"], "val_f1": f1, "threshold": threshold}
    write_json(output / "summary.json", figures)
    run, video = str(output), str(clips[0].clip.source)
    say(
        f"\nvalidation strict F1 {f1:.3f} at threshold {threshold:.2f}, with its path",
        "next:",
        f"  {command('evaluate', run, *trusting(config, 'data'), 'split=val')}",
        f"  {command('predict', run, video, *trusting(config))}  # or a video of your own",
        result=True,
    )
    return figures
