"""Flips, zooms, turns, shifts and crops as one affine warp."""

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F


def warp(
    pieces: Iterable[torch.Tensor], matrix: torch.Tensor, size: Sequence[int] | None
) -> torch.Tensor:
    """Samples every picture of a window at the same places; black outside.

    Args:
        pieces: The batch (B,P,3,H,W), cut along B; each piece is let go when it is warped.
        matrix: (B,2,3) from output to input pixels.
        size: (h, w) of the output; None for that of the input.

    Returns:
        (B,P,3,h,w).
    """
    warped, done = [], 0
    for pictures in pieces:
        flat, own = pictures.flatten(1, 2), matrix[done : done + len(pictures)]
        grid = _grid(own, pictures.shape[-2:], size or pictures.shape[-2:])
        out = F.grid_sample(flat, grid.to(flat.dtype), "bilinear", "zeros", align_corners=False)
        warped.append(out.unflatten(1, pictures.shape[1:3]))
        done += len(pictures)
    return torch.cat(warped)


def _grid(matrix: torch.Tensor, source: Sequence[int], size: Sequence[int]) -> torch.Tensor:
    """(B,h,w,2) where each pixel of the output is sampled, as `grid_sample` counts."""
    x = torch.arange(size[1], device=matrix.device, dtype=torch.float32)
    y = torch.arange(size[0], device=matrix.device, dtype=torch.float32)
    a = matrix[:, None, None]
    points = x[None, None, :, None] * a[..., 0] + y[None, :, None, None] * a[..., 1] + a[..., 2]
    return (2 * points + 1) / torch.tensor([source[1], source[0]], device=matrix.device) - 1


def move(xy: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Where points (B,T,2) of the input lie in the output of `warp`."""
    offset = (xy - matrix[:, None, :, 2])[..., None]
    return torch.linalg.solve(matrix[:, None, :, :2], offset)[..., 0]
