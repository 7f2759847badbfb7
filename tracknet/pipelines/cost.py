"""What a network computes, as PyTorch counts it: multiplications and additions."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from tracknet.geometry import Size
from tracknet.models import HeatmapModel


def gflop(model: HeatmapModel, size: Size) -> tuple[float, float]:
    """GFLOP of each frame, once whatever windows hold it, and of each window besides.

    Args:
        model: In eval mode.
        size: (H, W) of its input.
    """
    frames, background = model.blank(size)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(frames, background)
        window = counter.get_total_flops() / 1e9
        if not model.framewise:
            return 0.0, window
        model.see(frames[:, :1], background)
    frame = counter.get_total_flops() / 1e9 - window
    return frame, window - model.frames * frame
