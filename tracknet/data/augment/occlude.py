"""Patches that hide the ball for a moment, as players and nets do."""

import torch


def occlude(frames: torch.Tensor, patches: torch.Tensor, colour: torch.Tensor) -> torch.Tensor:
    """Paints a rectangle into some frames.

    The label stays: where the ball went, the frames before and after tell.

    Args:
        frames: (B,T,3,h,w) in 0..1, changed in place.
        patches: (B,T,4) centre x, y and half width, half height in pixels; NaN for none.
        colour: (B,3) in 0..1.
    """
    x = torch.arange(frames.shape[-1], device=frames.device)
    y = torch.arange(frames.shape[-2], device=frames.device)[:, None]
    for sample, frame in (~patches.isnan().any(-1)).nonzero().tolist():
        cx, cy, rx, ry = patches[sample, frame]
        hidden = ((x - cx).abs() <= rx) & ((y - cy).abs() <= ry)
        picture = frames[sample, frame]
        frames[sample, frame] = torch.where(hidden, colour[sample, :, None, None], picture)
    return frames
