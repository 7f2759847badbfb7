"""How far a prediction lies from its label, in the pixels that a protocol measures in."""

import numpy as np

from tracknet.types import Labels, Track


def distances(
    labels: Labels, track: Track, grid: tuple[int, int] | None = None, truncate: bool = False
) -> np.ndarray:
    """Distance of prediction and label, (N,) float64, NaN where either is absent.

    Labels are float32; they are compared as the decimals that their file holds (634.9, not
    634.900024), so that a distance of exactly the limit is not decided by storage.

    Args:
        labels: Original pixels.
        track: Original pixels.
        grid: (H, W) that both are scaled to first; None measures in original pixels.
        truncate: Whether the fractions of both positions are cut off then.

    Raises:
        ValueError: There is a `grid`, and the labels do not know the size of their frame.
    """
    points = [labels.xy.astype(str).astype(np.float64), track.xy.astype(np.float64)]
    if grid is not None:
        if labels.size is None:
            raise ValueError(
                f"Labels.size is None; expected the (H, W) of the original frame to scale it to "
                f"{grid[1]}x{grid[0]}; open the clip with a FrameStore, or set size"
            )
        # As the papers' code scales: without the half pixel of geometry.py.
        points = [xy * grid[::-1] / labels.size[::-1] for xy in points]
    if truncate:
        points = [np.trunc(xy) for xy in points]
    label, prediction = points
    return np.linalg.norm(prediction - label, axis=-1)
