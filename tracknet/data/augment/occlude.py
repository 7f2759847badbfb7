"""Patches that hide the ball for a moment, as players and nets do."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.types import ABSENT
from tracknet.values import Share


@dataclass(frozen=True)
class Occlude:
    """Paints a rectangle into one or two frames that have a ball, while another one shows it.

    The label stays: where the ball went, the frames before and after tell. Half of the patches lie
    beside the ball: a patch alone must not give it away.

    Attributes:
        probability: Of a window.
    """

    probability: Share = 0.1

    def draw(self, rng: np.random.Generator, size: Size, balls: np.ndarray) -> Drawn:
        """``chosen``; ``picks`` (3,) of a ball, a frame, their number; ``patch`` (4,); ``colour``.

        A patch is a shift x, y from the ball, half a width and half a height, in pixels.
        """
        u = rng.uniform
        sides = u(3, 8, 2)
        shift = sides * u(-0.8, 0.8, 2) * (1 if u() < 0.5 else 4)
        return {
            "chosen": u() < self.probability,
            "picks": rng.integers(1 << 30, size=3),
            "patch": np.append(shift, sides),
            "colour": u(0, 1, 3),
        }

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        frames, patch, colour = batch.frames, drawn["patch"], drawn["colour"]
        x = torch.arange(frames.shape[-1], device=frames.device)
        y = torch.arange(frames.shape[-2], device=frames.device)[:, None]
        # Of the batch as it is here: steps before may have turned it round or added balls.
        shown, picks = (batch.visibility > ABSENT).cpu().numpy(), drawn["picks"].cpu().numpy()
        for sample in drawn["chosen"].nonzero()[:, 0].tolist():
            for frame, ball in _hidden(shown[sample], *picks[sample]):
                cx, cy = batch.xy[sample, frame, ball] + patch[sample, :2]
                rx, ry = patch[sample, 2:]
                covered = ((x - cx).abs() <= rx) & ((y - cy).abs() <= ry)
                picture = frames[sample, frame]
                frames[sample, frame] = torch.where(covered, colour[sample, :, None, None], picture)
        return batch


def _hidden(shown: np.ndarray, which: int, first: int, number: int) -> list[tuple[int, int]]:
    """(frame, ball), one or two, of a ball that `shown` (T,K) shows elsewhere, too."""
    (balls,) = np.nonzero(shown.sum(0) > 1)
    if not len(balls):
        return []
    ball = balls[which % len(balls)]
    (where,) = np.nonzero(shown[:, ball])
    first, number = first % len(where), min(1 + number % 2, len(where) - 1)
    return [(frame, ball) for frame in where[first : first + number]]
