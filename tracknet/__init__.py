"""Finds one small fast ball in sports video."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tracknet.inference.overlap import OverlapName
    from tracknet.inference.predictor import Predictor
    from tracknet.inference.quality import QualityName, TrackingName
    from tracknet.inference.tracking import Tracker


def load(
    path: str | Path,
    *,
    threshold: float | None = None,
    quality: "QualityName | None" = None,
    overlap: "OverlapName | None" = None,
    tracking: "TrackingName | Tracker | None" = None,
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
    trust: str | Sequence[str] = (),
) -> "Predictor":
    """A trained network, ready to find the ball: ``load(run).predict("match.mp4")``.

    The file alone is enough: no configuration, dataset or cache of weights is consulted.

    Args:
        path: A run directory of `scripts/train.py`, or a checkpoint file.
        threshold: Score from which a ball is reported; None takes the best one on the validation
            split, which is stored in the checkpoint.
        quality: ``best``, which is overlap ``mean`` and tracking ``offline``, or ``fast``, which is
            ``none`` and ``online``. None is ``best``, but ``fast`` where a stream is followed.
        overlap: ``none``, or over all windows that hold a frame ``mean``, ``weighted``, ``pool``;
            None is that of `quality`.
        tracking: ``none``, ``online``, ``offline``, ``smooth``, or a tracker; None is that of
            `quality`.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        batch_size: Windows per forward pass; ``auto`` suits the device.
        trust: Packages besides tracknet whose parts the checkpoint may name; importing and running
            them is then up to it.

    Raises:
        CheckpointError: There is no such checkpoint, or it is not one of tracknet's.
        InputError: It names parts of a package that is not trusted, or a setting is none of these.
    """
    # Not above: `import tracknet` stays free of torch.
    from tracknet.checkpoint import load

    return load(
        path,
        threshold=threshold,
        quality=quality,
        overlap=overlap,
        tracking=tracking,
        device=device,
        batch_size=batch_size,
        trust=trust,
    )
