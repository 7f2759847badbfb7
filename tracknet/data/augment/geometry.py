"""Flips, zooms, turns, shifts and crops as one affine warp."""

import torch
import torch.nn.functional as F


def warp(pictures: torch.Tensor, matrix: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Samples every picture of a window at the same places; black outside.

    Args:
        pictures: (B,P,3,H,W).
        matrix: (B,2,3) from output to input pixels.
        size: (h, w) of the output.

    Returns:
        (B,P,3,h,w).
    """
    h, w = size
    sides = torch.tensor([pictures.shape[-1], pictures.shape[-2]], device=pictures.device)
    x = torch.arange(w, device=pictures.device, dtype=torch.float32)
    y = torch.arange(h, device=pictures.device, dtype=torch.float32)
    a = matrix[:, None, None]
    points = x[None, None, :, None] * a[..., 0] + y[None, :, None, None] * a[..., 1] + a[..., 2]
    grid = (2 * points + 1) / sides - 1
    flat = pictures.flatten(1, 2)
    warped = F.grid_sample(flat, grid.to(flat.dtype), "bilinear", "zeros", align_corners=False)
    return warped.unflatten(1, pictures.shape[1:3])


def move(xy: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Where points (B,T,2) of the input lie in the output of `warp`."""
    offset = (xy - matrix[:, None, :, 2])[..., None]
    return torch.linalg.solve(matrix[:, None, :, :2], offset)[..., 0]
