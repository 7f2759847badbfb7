"""What is drawn for a sample, and in which order it is applied."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tracknet.data.augment.colour import apply_gamma, recolour
from tracknet.data.augment.degrade import add_noise, blur
from tracknet.data.augment.geometry import move, warp
from tracknet.data.augment.mixup import mix
from tracknet.data.augment.occlude import occlude
from tracknet.errors import InputError
from tracknet.types import ABSENT

PROBABILITIES = ("on_ball", "flip", "reverse", "occlude", "mixup")
ZOOMS = ("scale", "gamma")
MIXED = (0.4, 0.6)
"""Share of the window that is laid over another: neither ball fades away."""


@dataclass(frozen=True)
class Augmented:
    """A batch after augmentation.

    Attributes:
        pictures: (B,P,3,h,w) in 0..1.
        xy: (B,T,2) their pixels.
        visibility: (B,T).
        second: The same of the balls of windows that were laid over, or None without mixup.
    """

    pictures: torch.Tensor
    xy: torch.Tensor
    visibility: torch.Tensor
    second: tuple[torch.Tensor, torch.Tensor] | None


@dataclass(frozen=True)
class Augmentation:
    """Geometry, colour, blur, noise and mixtures, alike for all frames of a window.

    What is 0 costs nothing, but for the one warp that does all of the geometry.

    Attributes:
        crop: (H, W) of the output in network pixels; None keeps the whole frame. The crop lies
            inside the frame as far as it fits.
        on_ball: Share of crops that are placed to hold a ball, where the window has one.
        flip: Probability of a horizontal flip.
        reverse: Probability that the window runs backwards in time.
        scale: Largest zoom, drawn log-uniformly from [1 / scale, scale].
        rotation: Largest angle, in degrees.
        shift: Largest translation without a crop, as a share of the frame's sides.
        brightness: Largest change of all channels, in 0..1.
        contrast: Largest relative change of the contrast.
        saturation: Largest relative change of the saturation.
        tint: Largest relative change of a single channel.
        gamma: Largest exponent, drawn log-uniformly from [1 / gamma, gamma].
        blur: Largest standard deviation of a blur, in network pixels; half of the samples have one.
        motion_blur: The same along a random direction, added to it.
        noise: Largest standard deviation of noise in the frames, in 0..1; half of the samples.
        occlude: Probability of a patch in a frame or two that have a ball: half of them hide it,
            the others lie beside it.
        mixup: Probability that another window of the batch is laid over.

    Raises:
        InputError: A value is out of its range.
    """

    crop: Sequence[int] | None = None
    on_ball: float = 0.8
    flip: float = 0.5
    reverse: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    tint: float = 0.0
    gamma: float = 1.0
    blur: float = 0.0
    motion_blur: float = 0.0
    noise: float = 0.0
    occlude: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        if self.crop is not None and np.shape(self.crop) != (2,):
            raise InputError(
                f"transform.crop={self.crop}; expected height and width, such as [160,256], or null"
            )
        for name in PROBABILITIES:
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(
                    f"transform.{name}={getattr(self, name)}; expected a probability from 0 to 1"
                )
        for name in ZOOMS:
            if not getattr(self, name) > 0:
                raise InputError(
                    f"transform.{name}={getattr(self, name)}; expected more than 0; 1 is off"
                )

    def draw(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        xy: np.ndarray,
        visibility: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """One sample's parameters: those of the kinds that are switched on.

        Args:
            rng: The sample's own generator.
            size: (H, W) of the frames.
            xy: (T, 2) network pixels.
            visibility: (T,).

        Returns:
            Names as in `apply`, small float32 arrays.
        """
        u = rng.uniform
        drawn = {"matrix": self._matrix(rng, size, xy, visibility)}
        if self.reverse:
            drawn["reverse"] = u() < self.reverse
        if self.brightness or self.contrast or self.saturation or self.tint:
            largest = [self.brightness, self.contrast, self.saturation, *[self.tint] * 3]
            drawn["colour"] = u(-1, 1, 6) * largest + [0, 1, 1, 1, 1, 1]
        if self.gamma != 1:
            drawn["gamma"] = self.gamma ** u(-1, 1)
        if self.blur or self.motion_blur:
            still, moving, angle = u(0, self.blur), u(0, self.motion_blur), u(0, np.pi)
            x, y = moving * np.cos(angle), moving * np.sin(angle)
            covariance = np.array([still**2 + x * x, still**2 + y * y, x * y])
            drawn["blur"] = covariance * (u() < 0.5)
        if self.noise:
            drawn["noise"] = u(0, self.noise) * (u() < 0.5)
            drawn["seed"] = rng.integers(1 << 62)
        if self.occlude:
            order = -1 if drawn.get("reverse") else 1
            drawn["hidden"] = self._hidden(rng, (visibility > ABSENT)[::order])
            sides = u(3, 8, 2)
            # Every second patch lies beside the ball: a patch alone must not give it away.
            shift = sides * u(-0.8, 0.8, 2) * (1 if u() < 0.5 else 4)
            drawn["patch"], drawn["patch_colour"] = np.append(shift, sides), u(0, 1, 3)
        if self.mixup:
            drawn["mixup"] = np.array([u(*MIXED) * (u() < self.mixup), u()])
        return {
            name: np.asarray(value, np.int64 if name == "seed" else np.float32)
            for name, value in drawn.items()
        }

    def _matrix(self, rng, size, xy, visibility) -> np.ndarray:
        """(2,3) from output to input pixels."""
        u = rng.uniform
        zoom = self.scale ** u(-1, 1)
        angle = np.deg2rad(u(-self.rotation, self.rotation))
        mirror = -1.0 if u() < self.flip else 1.0
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        # Output offset from its centre -> input offset from its centre.
        linear = np.array([[mirror * cos, -mirror * sin], [sin, cos]])
        output = np.array(self.crop or size, float)[::-1]
        centre = self._centre(rng, np.array(size, float)[::-1], linear * output, xy, visibility)
        return np.column_stack([linear, centre - linear @ ((output - 1) / 2)])

    def _centre(self, rng, size, sides, xy, visibility) -> np.ndarray:
        """(x, y) input pixels on which the output, with these sides as columns, is centred."""
        middle = (size - 1) / 2
        if self.crop is None:
            return middle + rng.uniform(-self.shift, self.shift, 2) * size
        slack = np.maximum(size - np.abs(sides).sum(1), 0) / 2
        centre = middle + rng.uniform(-slack, slack)
        balls = xy[visibility > ABSENT]
        if rng.uniform() < self.on_ball and len(balls):
            ball = balls[rng.integers(len(balls))]
            centre = ball + sides @ rng.uniform(-0.45, 0.45, 2)
        return np.clip(centre, middle - slack, middle + slack)

    def _hidden(self, rng, balls) -> np.ndarray:
        """(T,) whether there is a patch: in one or two frames with a ball; another one shows it."""
        hidden, (where,) = np.zeros(len(balls), bool), np.nonzero(balls)
        if rng.uniform() < self.occlude and len(where) > 1:
            first = rng.integers(len(where))
            length = rng.integers(1, 3) if len(where) > 2 else 1
            hidden[where[first : first + length]] = True
        return hidden

    def apply(
        self,
        pieces: Iterable[torch.Tensor],
        xy: torch.Tensor,
        visibility: torch.Tensor,
        drawn: dict[str, torch.Tensor],
        still: int,
    ) -> Augmented:
        """Augments a batch on its device.

        Args:
            pieces: The pictures (B,P,3,H,W) in 0..1, the first `still` of P backgrounds, cut along
                B into as many pieces as is fast.
            xy: (B,T,2) network pixels.
            visibility: (B,T).
            drawn: Collated parameters of `draw`.
            still: How many pictures are not part of the passage of time.
        """
        pictures, xy = warp(pieces, drawn["matrix"], self.crop), move(xy, drawn["matrix"])
        if "reverse" in drawn:
            backwards = drawn["reverse"] > 0.5
            xy = torch.where(backwards[:, None, None], xy.flip(1), xy)
            visibility = torch.where(backwards[:, None], visibility.flip(1), visibility)
            pictures[backwards, still:] = pictures[backwards, still:].flip(1)
        if "hidden" in drawn:
            shift, sides = drawn["patch"][:, None].chunk(2, -1)
            patches = torch.cat([xy + shift, sides.expand_as(xy)], -1)
            patches = patches.where(drawn["hidden"][..., None] > 0, torch.nan)
            occlude(pictures[:, still:], patches, drawn["patch_colour"])
        second = None
        if "mixup" in drawn:
            pictures, *second = mix(pictures, xy, visibility, drawn["mixup"])
        if "colour" in drawn:
            pictures = recolour(pictures, drawn["colour"])
        if "gamma" in drawn:
            pictures = apply_gamma(pictures, drawn["gamma"])
        if "blur" in drawn:
            pictures = blur(pictures, drawn["blur"])
        if "noise" in drawn:
            add_noise(pictures[:, still:], drawn["noise"], drawn["seed"])
        return Augmented(pictures, xy, visibility, second and tuple(second))
