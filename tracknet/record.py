"""What a checkpoint says of its network beside Lightning's own entries."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracknet.errors import InputError
from tracknet.files import whole_file

if TYPE_CHECKING:
    import torch

NETWORK = (
    "inputs",
    "temporal",
    "backbone",
    "decoder",
    "detail",
    "head",
    "fit",
    "image_size",
    "frames",
    "heatmap_stride",
)
"""Of a configuration: what makes it another network."""
KEY, PREFIX = "tracknet", "model."


class CheckpointError(InputError):
    """A checkpoint that cannot be found or is not one of tracknet's."""


@dataclass(frozen=True)
class Record:
    """Plain data, so that `weights_only=True` opens it.

    Attributes:
        config: The resolved configuration of the training.
        weights: Where the backbone's weights came from, see `describe_weights`.
        thresholds: Kind of overlap -> the best threshold on the validation split.
        val_f1: Strict F1 on separate validation windows.
    """

    config: dict[str, Any]
    weights: dict[str, Any]
    thresholds: dict[str, float]
    val_f1: float

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> "Record":
        """What a checkpoint's entry says."""
        return cls(**checkpoint[KEY])

    def put_into(self, checkpoint: dict[str, Any]) -> None:
        """Makes it part of Lightning's checkpoint."""
        checkpoint[KEY] = asdict(self)


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
    """A checkpoint with a `Record`, on the CPU, read without running code from it.

    Raises:
        CheckpointError: The file was not written by tracknet, or by an earlier version.
    """
    import torch  # not above: commands ask for `NETWORK` before there is anything to compute

    file = find_checkpoint(path)
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file lets the unpickler raise anything
        raise CheckpointError(
            f"{file}: not a checkpoint, or damaged; name a run directory or its "
            "checkpoints/best.ckpt"
        ) from error
    if not isinstance(checkpoint, dict) or KEY not in checkpoint:
        raise CheckpointError(
            f"{file}: holds no tracknet configuration; was it written by another program?"
        )
    if missing := set(NETWORK) - Record.of(checkpoint).config.keys():
        raise CheckpointError(
            f"{file}: its configuration has no {', '.join(sorted(missing))}: an earlier version of "
            "tracknet wrote it, whose networks are others; train anew"
        )
    return checkpoint


def network_state(checkpoint: dict[str, Any]) -> "dict[str, torch.Tensor]":
    """The network's own part of a checkpoint's state."""
    state = checkpoint["state_dict"]
    return {n.removeprefix(PREFIX): state[n] for n in state if n.startswith(PREFIX)}


def rewrite(path: Path, checkpoint: dict[str, Any]) -> None:
    """Replaces a checkpoint in one step."""
    import torch

    content = io.BytesIO()
    torch.save(checkpoint, content)
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content.getbuffer())
