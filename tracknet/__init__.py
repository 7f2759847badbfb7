"""Finds one small fast ball in sports video."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tracknet.api import Trained
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
        path: A run directory of `scripts/train.py`, a checkpoint file, or a model's folder or
            name.
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


def train(output: str | Path | None = None, **settings: Any) -> "Trained":
    """Trains a network, as `scripts/train.py` does.

    ``run, figures = tracknet.train(backbone="conv", decoder="unet", trainer={"max_epochs": 1})``.

    Args:
        output: The run directory; None makes one below ``outputs/train``.
        settings: Groups and values by their names, values of a group as a mapping or by their
            dotted names: ``**{"data.root": "my_videos"}``. ``resume=<run>`` goes on with a run.

    Returns:
        The run directory and the best figures on validation.

    Raises:
        InputError: Settings, data or a checkpoint do not fit; nothing was trained.
        Interrupted: A signal came; the state is kept, and ``resume=`` goes on from it.
    """
    from tracknet.api import train

    return train(output, **settings)


def evaluate(
    run: str | Path | None = None, output: str | Path | None = None, **settings: Any
) -> dict[str, Any]:
    """Scores a network on labelled clips, as `scripts/evaluate.py` does.

    ``tracknet.evaluate(run)["protocols"]["strict"]["f1"]``.

    Args:
        run: A run directory, a checkpoint file or a model; None where ``predictions=`` are scored.
        output: Where `predictions.csv`, `metrics.json` and `report.html` go; None makes a folder
            below ``outputs/evaluate``.
        settings: As for `train`, such as ``split="val"`` or ``data="generic"``.

    Returns:
        The metrics, as in `metrics.json`.

    Raises:
        InputError: Settings, data or the checkpoint do not fit.
    """
    from tracknet.api import evaluate

    return evaluate(run, output, **settings)
