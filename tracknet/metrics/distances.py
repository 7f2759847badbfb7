"""How far a prediction lies from its label, in the pixels that a protocol measures in."""

import numpy as np

from tracknet.types import Labels, Track


def distances(
    labels: Labels, track: Track, grid: tuple[int, int] | None = None, truncate: bool = False
) -> np.ndarray:
    """Distance of prediction and label, (N,) float64, NaN where either is absent.

    Args:
        labels: Original pixels.
        track: Original pixels.
        grid: (H, W) that both are scaled to first; None measures in original pixels.
        truncate: Whether the fractions of both positions are cut off then.

    Raises:
        ValueError: There is a `grid`, and the labels do not know the size of their frame.
    """
    points = [places(labels), track.xy.astype(np.float64)]
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


def nearest(labels: Labels, candidates: np.ndarray, least: float) -> np.ndarray:
    """Distance of the label and the nearest candidate that scores more than `least`, (N,) float64.

    Args:
        labels: Original pixels.
        candidates: (N,K,3), original pixels and score.
        least: In the units of the scores.

    Returns:
        Original pixels; infinite where no candidate scores so much, or no ball is labelled.
    """
    apart = np.linalg.norm(candidates[..., :2] - places(labels)[:, None], axis=-1)
    apart = np.where((candidates[..., 2] > least) & np.isfinite(apart), apart, np.inf)
    return apart.min(axis=1, initial=np.inf)


def places(labels: Labels) -> np.ndarray:
    """Positions (N,2) float64, original pixels, NaN where there is none.

    Labels are float32; here they are the decimals that their file holds (634.9, not 634.900024), so
    that a distance of exactly a limit is not decided by storage.
    """
    return labels.xy.astype(str).astype(np.float64)
