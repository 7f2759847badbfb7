"""A grid of predictions every epoch: frames with balls that are found, missed and false."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from lightning.pytorch import Callback, Trainer

from tracknet.data.batch import Batch
from tracknet.files import whole_file
from tracknet.metrics import STRICT, Outcome, at_threshold, distances
from tracknet.training.grid import Seen, grid
from tracknet.training.validation import Validation
from tracknet.types import Labels
from tracknet.values import Count, Text
from tracknet.windows import rows_of

TURNS = (Outcome.TP, Outcome.FN, Outcome.FP2, Outcome.FP1)
"""Whose turn it is to be shown; frames where no ball is and none is seen fill what is left."""


@runtime_checkable
class ImageLogger(Protocol):
    """A logger of Lightning's that shows pictures, as its own `WandbLogger` does."""

    def log_image(self, key: str, images: list[np.ndarray], step: int | None = None) -> None:
        """Shows (H,W,3) uint8 RGB."""
        ...


class PredictionGrid(Callback):
    """Writes `epoch_<n>.png` of validation frames: found, missed and false balls, where there are.

    Args:
        dirpath: Folder of the pictures.
        samples: Number of frames; the kinds take turns, the frames of a kind are spread evenly
            over the validation set.
    """

    def __init__(self, dirpath: Text, samples: Count = 6) -> None:
        self.dirpath = Path(dirpath)
        self.samples = samples

    # Not at the end of the epoch, when the threshold is not chosen yet; and before the weights are
    # no longer the averaged ones that were validated.
    def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        validation: Validation = pl_module.validation
        places = choose(list(_places(validation)), self.samples)
        if not places:
            return
        with trainer.precision_plugin.val_step_context():
            seen = [_look(pl_module, place) for place in places]
        title = f"Epoch {trainer.current_epoch}, validation: strict F1 {validation.f1:.3f}"
        picture = grid(f"{title} at threshold {validation.threshold:.2f}", seen)
        self.dirpath.mkdir(parents=True, exist_ok=True)
        file = self.dirpath / f"epoch_{trainer.current_epoch:03d}.png"
        with whole_file(file) as unfinished:
            content = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
            unfinished.write_bytes(content.tobytes())
        for logger in trainer.loggers:
            if isinstance(logger, ImageLogger):
                logger.log_image("val/predictions", [picture], step=trainer.global_step)


@dataclass(frozen=True)
class Place:
    """A frame of a validation window, and what became of it.

    Attributes:
        window: Clip and first frame.
        offset: Of the frame in its window.
        outcome: Protocol ``strict``, at the threshold that validation chose.
        error: Original pixels from the label to the best candidate; NaN without a label.
        best: (3,) x, y in network pixels, and score.
    """

    window: tuple[int, int]
    offset: int
    outcome: Outcome
    error: float
    best: np.ndarray


def choose(places: Sequence[Place], count: int) -> list[Place]:
    """So many of them: kinds take turns, and each kind's are spread evenly.

    Args:
        places: In the order of clips and frames.
        count: How many, at most.
    """
    kinds = {kind: [p for p in places if p.outcome == kind] for kind in TURNS}
    left = [p for p in places if p.outcome == Outcome.TN]
    shares = dict.fromkeys(TURNS, 0)
    while sum(shares.values()) < count and any(shares[k] < len(kinds[k]) for k in TURNS):
        for kind in TURNS:
            if shares[kind] < len(kinds[kind]) and sum(shares.values()) < count:
                shares[kind] += 1
    chosen = [place for kind in TURNS for place in _spread(kinds[kind], shares[kind])]
    return chosen + _spread(left, min(count - len(chosen), len(left)))


def _spread(places: Sequence[Place], count: int) -> list[Place]:
    middles = (np.arange(count) + 0.5) * len(places) / max(count, 1)
    return [places[int(middle)] for middle in middles]


def _places(validation: Validation) -> Iterator[Place]:
    """Every frame of this device's validation windows, clip by clip."""
    for number, windows in groupby(sorted(validation.found.items()), lambda item: item[0][0]):
        clip = validation.clips[number]
        for window, best in windows:
            rows = rows_of(window[1], len(best), len(clip))
            labels = Labels(clip.labels.xy[rows], clip.labels.visibility[rows])
            candidates = clip.track(best)
            outcomes = STRICT.outcomes(labels, at_threshold(candidates, validation.threshold))
            errors = distances(labels, candidates)
            for offset in np.flatnonzero(np.diff(rows, prepend=-1)).tolist():  # none twice
                found = Outcome(outcomes[offset]), float(errors[offset]), best[offset]
                yield Place(window, offset, *found)


def _look(module: Any, place: Place) -> Seen:
    """Has the network look at a frame once more, for its heatmap."""
    windows = module.windows["validation"]
    number, start = place.window
    index = windows.windows.index(place.window)
    raw = {name: value.to(module.device) for name, value in windows.batch([index]).items()}
    batch = Batch.of(raw).in_unit()
    maps = module.codec.probability(module.model(batch.frames, batch.background))
    heatmaps = module.codec.heatmap(maps)
    clip = windows.clips[number]
    row = start + place.offset
    return Seen(
        clip=clip.clip.name,
        number=clip.number(row),
        outcome=place.outcome,
        error=place.error,
        score=float(place.best[2]),
        label=batch.xy[0, place.offset, 0].cpu().numpy(),
        best=place.best[:2],
        frame=_bytes(batch.frames[0, place.offset]),
        heatmap=heatmaps[0, place.offset].cpu().numpy(),
    )


def _bytes(frame: torch.Tensor) -> np.ndarray:
    """(3,H,W) in 0..1 -> (H,W,3) uint8."""
    return (frame.permute(1, 2, 0) * 255).round().byte().cpu().numpy()
