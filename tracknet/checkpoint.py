"""From a checkpoint to a predictor: the file alone is enough."""

import os
from pathlib import Path
from typing import Any, Literal

import torch

from tracknet.build import build
from tracknet.devices import pick_device
from tracknet.errors import InputError
from tracknet.inference.predictor import Predictor
from tracknet.network import build_model
from tracknet.resume import NETWORK


class CheckpointError(InputError):
    """A checkpoint that cannot be found or is not one of tracknet's."""


def find_checkpoint(path: str | Path, name: str = "best") -> Path:
    """The checkpoint file of a run directory, or the file itself.

    Raises:
        CheckpointError: There is none.
    """
    path = Path(path)
    file = path / "checkpoints" / f"{name}.ckpt" if path.is_dir() else path
    if not file.is_file():
        raise CheckpointError(f"{file}: no such checkpoint; name a run directory or a .ckpt file")
    return file


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint on the CPU, read without running code from it.

    Raises:
        CheckpointError: The file was not written by tracknet, or by an earlier version.
    """
    file = find_checkpoint(path)
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file lets the unpickler raise anything
        raise CheckpointError(
            f"{file}: not a checkpoint, or damaged; name a run directory or its "
            "checkpoints/best.ckpt"
        ) from error
    if "tracknet" not in checkpoint:
        raise CheckpointError(
            f"{file}: holds no tracknet configuration; was it written by another program?"
        )
    if missing := set(NETWORK) - checkpoint["tracknet"]["config"].keys():
        raise CheckpointError(
            f"{file}: its configuration has no {', '.join(sorted(missing))}: an earlier version of "
            "tracknet wrote it, whose networks are others; train anew"
        )
    return checkpoint


def load(
    path: str | Path,
    threshold: float | None = None,
    overlap: str = "none",
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
) -> Predictor:
    """A predictor from a run directory or a checkpoint file.

    Args:
        path: Run directory, or a file.
        threshold: Score from which a ball is reported; None takes the best one on the validation
            split that is stored in the checkpoint.
        overlap: ``none``, or over all windows that hold a frame ``mean``, ``weighted``, ``pool``.
        device: ``auto``, ``cpu``, ``cuda``, ``mps``.
        batch_size: Windows per forward pass; ``auto`` suits the device.

    Raises:
        CheckpointError: There is no such checkpoint, or it is not one of tracknet's.
    """
    checkpoint = read_checkpoint(path)
    ours = checkpoint["tracknet"]
    config = ours["config"]
    model = build_model(config, weights=ours["weights"])
    state, prefix = checkpoint["state_dict"], "model."
    model.load_state_dict(
        {name.removeprefix(prefix): state[name] for name in state if name.startswith(prefix)}
    )
    if threshold is None:
        # A run that was cut off has validated separate windows only.
        threshold = ours["thresholds"].get(overlap, ours["thresholds"]["none"])
    return Predictor(
        model=model,
        codec=build(config, "codec"),
        image_size=tuple(config["image_size"]),
        threshold=threshold,
        overlap=overlap,
        device=pick_device(device),
        batch_size=batch_size,
    )


def rewrite(path: Path, checkpoint: dict[str, Any]) -> None:
    """Replaces a checkpoint in one step."""
    temporary = path.with_suffix(".writing")
    torch.save(checkpoint, temporary)
    os.replace(temporary, path)
