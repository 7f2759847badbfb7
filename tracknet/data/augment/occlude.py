"""Patches that hide the ball for a moment, as players and nets do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from tracknet.data.augment.augmentation import Drawn
from tracknet.data.batch import Batch
from tracknet.geometry import Size
from tracknet.types import ABSENT


@dataclass(frozen=True)
class Occlude:
    """Paints a rectangle into a frame or two that have a ball, while another one shows it.

    The label stays: where the ball went, the frames before and after tell. Half of the patches lie
    beside the ball: a patch alone must not give it away.

    Attributes:
        probability: Of a window.
    """

    probability: Annotated[float, Field(ge=0, le=1)] = 0.1

    def draw(
        self, rng: np.random.Generator, size: Size, xy: np.ndarray, visibility: np.ndarray
    ) -> Drawn:
        """``hidden`` (T,K), ``patch`` (4,): shift x, y and half width, half height, ``colour``."""
        u, balls = rng.uniform, visibility > ABSENT
        hidden, (where,) = np.zeros(balls.shape, bool), np.nonzero(balls.any(1))
        if u() < self.probability and len(where) > 1:
            first = rng.integers(len(where))
            length = rng.integers(1, 3) if len(where) > 2 else 1
            for frame in where[first : first + length]:
                hidden[frame, balls[frame].argmax()] = True
        sides = u(3, 8, 2)
        shift = sides * u(-0.8, 0.8, 2) * (1 if u() < 0.5 else 4)
        return {"hidden": hidden, "patch": np.append(shift, sides), "colour": u(0, 1, 3)}

    def apply(self, batch: Batch, drawn: Mapping[str, torch.Tensor]) -> Batch:
        frames, patch, colour = batch.frames, drawn["patch"], drawn["colour"]
        x = torch.arange(frames.shape[-1], device=frames.device)
        y = torch.arange(frames.shape[-2], device=frames.device)[:, None]
        for sample, frame, ball in drawn["hidden"].nonzero().tolist():
            cx, cy = batch.xy[sample, frame, ball] + patch[sample, :2]
            rx, ry = patch[sample, 2:]
            covered = ((x - cx).abs() <= rx) & ((y - cy).abs() <= ry)
            picture = frames[sample, frame]
            frames[sample, frame] = torch.where(covered, colour[sample, :, None, None], picture)
        return batch
