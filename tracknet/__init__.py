"""Finds one small fast ball in sports video."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tracknet.inference.overlap import OverlapName
    from tracknet.inference.predictor import Predictor


def load(
    path: str | Path,
    threshold: float | None = None,
    overlap: "OverlapName" = "none",
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
        overlap: ``none``, or over all windows that hold a frame ``mean``, ``weighted``, ``pool``.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        batch_size: Windows per forward pass; ``auto`` suits the device.
        trust: Packages besides tracknet whose parts the checkpoint may name; importing and running
            them is then up to it.

    Raises:
        CheckpointError: There is no such checkpoint, or it is not one of tracknet's.
        InputError: It names parts of a package that is not trusted.
    """
    # Not above: `import tracknet` stays free of torch.
    from tracknet.checkpoint import load

    return load(path, threshold, overlap, device, batch_size, trust)
