"""From a loader's uint8 batch to what the network takes, in one pass on the device."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from tracknet.data.augment import Augmentation


@dataclass(frozen=True)
class Batch:
    """A batch on the device.

    Attributes:
        frames: (B,T,3,H,W) in 0..1.
        background: (B,3,H,W) in 0..1, or None.
        xy: (B,T,2) pixels of `frames`.
        visibility: (B,T): -1 unlabelled, 0 no ball, above 0 a ball.
        window: (B,2): clip and first frame.
        second: xy and visibility of the balls of windows that were laid over, or None.
    """

    frames: torch.Tensor
    background: torch.Tensor | None
    xy: torch.Tensor
    visibility: torch.Tensor
    window: torch.Tensor
    second: tuple[torch.Tensor, torch.Tensor] | None = None


def to_unit(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 (...,H,W,3) -> float (...,3,H,W) in 0..1."""
    # Planes in memory too: warping interleaved channels takes twice as long.
    planes = pictures.movedim(-1, -3)
    return planes.to(torch.float32, memory_format=torch.contiguous_format).div_(255)


def prepare_batch(raw: dict[str, torch.Tensor], augmentation: Augmentation | None = None) -> Batch:
    """Scales a collated batch of windows to 0..1 and augments it.

    Args:
        raw: Collated samples of a `WindowDataset`.
        augmentation: The one that drew `raw["augmentation"]`; None leaves the frames as they are.
    """
    xy, visibility, second = raw["xy"], raw["visibility"], None
    still = int("background" in raw)
    if augmentation is None:
        (pictures,) = _pieces(raw, len(xy))
    else:
        # A CPU takes windows one by one: memory for all of them at once comes fresh from the
        # system, page by page, which takes longer than the work.
        pieces = _pieces(raw, 1 if xy.device.type == "cpu" else len(xy))
        out = augmentation.apply(pieces, xy, visibility, raw["augmentation"], still)
        pictures, xy, visibility, second = out.pictures, out.xy, out.visibility, out.second
    background = pictures[:, 0] if still else None
    return Batch(pictures[:, still:], background, xy, visibility, raw["window"], second)


def _pieces(raw: dict[str, torch.Tensor], length: int) -> Iterator[torch.Tensor]:
    """The pictures of `length` windows at a time, the background first, (b,P,3,H,W) in 0..1."""
    for start in range(0, len(raw["frames"]), length):
        own = slice(start, start + length)
        pictures = raw["frames"][own]
        if "background" in raw:
            pictures = torch.cat([raw["background"][own, None], pictures], 1)
        yield to_unit(pictures)
