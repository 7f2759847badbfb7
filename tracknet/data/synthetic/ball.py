"""The ball in a frame: what an open shutter collects of a small disc on its path."""

import numpy as np


def smear(path: np.ndarray, diameter: float) -> tuple[np.ndarray, tuple[int, int]]:
    """The share of each pixel that a moving disc covers while the shutter is open.

    Args:
        path: (N, 2) places of the disc's centre at even times of the exposure, pixels.
        diameter: Pixels.

    Returns:
        (h, w) float32 shares in 0..1 of a patch that holds the whole disc, and the (x, y) of the
        patch's first pixel.
    """
    low = np.floor(path.min(0) - diameter / 2 - 1).astype(int)
    high = np.ceil(path.max(0) + diameter / 2 + 1).astype(int)
    x = np.arange(low[0], high[0] + 1) - path[:, :1]
    y = np.arange(low[1], high[1] + 1) - path[:, 1:]
    away = np.sqrt(x[:, None, :] ** 2 + y[:, :, None] ** 2)
    share = np.clip(diameter / 2 + 0.5 - away, 0, 1).mean(0)
    return share.astype(np.float32), (int(low[0]), int(low[1]))
