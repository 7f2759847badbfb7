"""What a checkpoint says of its network beside Lightning's own entries."""

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tracknet.archive import check_archive
from tracknet.errors import InputError, InputWarning
from tracknet.files import whole_file
from tracknet.trust import plain_fault, short
from tracknet.values import Share, Size, Stride, Window, mistake
from tracknet.zoo import models, or_models
from tracknet.zoo.folder import WEIGHTS, read_folder

if TYPE_CHECKING:
    import torch

NETWORK = (
    "inputs",
    "temporal",
    "backbone",
    "decoder",
    "detail",
    "head",
    "attention",
    "fit",
    "image_size",
    "frames",
    "heatmap_stride",
)
"""Of a configuration: what makes it another network."""
YOUNGER = {"attention"}
"""Of these the groups that networks of before do without."""
KEY, PREFIX = "tracknet", "model."
LOOK = "look"
"""What a tracker's checkpoint has beside its first network: that of its second look."""
TRACKER = "tracker"
PORTABLE = (KEY, "epoch", "global_step", "manifest", LOOK)
"""Of a checkpoint's entries: what a model's folder has beside the weights."""
SHARED = 4
"""How often tensors of a checkpoint may hold the same memory, as weights and their average do."""
PIXELS = {"a frame": 1 << 24, "a window": 1 << 26}
"""At most; eight frames of 2160x3840 fit."""
HINTS = {
    "config": dict[str, Any],
    "config.image_size": Size,
    "config.frames": Window,
    "config.heatmap_stride": Stride,
    "weights": dict[str, Any],
    "weights.kind": Literal["pretrained", "stand-in", "random", "imported"],
    "weights.name": str,
    "weights.config": dict[str, Any] | NoneType,
    "weights.mean": list[float],
    "weights.std": list[float],
    "thresholds": dict[str, Share],
    "thresholds.none": Share,
    "val_f1": Share | NoneType,
}


Zoom = Annotated[int, Field(ge=1, le=8)]


class CheckpointError(InputError):
    """A checkpoint that cannot be found or is not one of tracknet's."""


@dataclass(frozen=True)
class Record:
    """Plain data, so that `weights_only=True` opens it.

    Attributes:
        config: The resolved configuration of the training.
        weights: Where the backbone's weights came from, see `describe_weights`.
        thresholds: Kind of overlap -> the best threshold on the validation split; `LOOK` -> that of
            a tracker with its path.
        val_f1: Strict F1 on separate validation windows; of a tracker with its path; None where it
            was not measured here.
    """

    config: dict[str, Any]
    weights: dict[str, Any]
    thresholds: dict[str, float]
    val_f1: float | None

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> "Record":
        """What the entry of a checkpoint says that `read_checkpoint` gave."""
        return cls(**checkpoint[KEY])

    def put_into(self, checkpoint: dict[str, Any]) -> None:
        """Makes it part of Lightning's checkpoint."""
        checkpoint[KEY] = asdict(self)


def find_checkpoint(path: str | Path, name: str | None = None) -> Path:
    """The file that holds a network: of a run directory, a model's folder, or the file itself.

    What is no such path may be the name of a model, see `zoo`. A path goes before a name.

    Args:
        path: Either of these.
        name: Which checkpoint of a run directory; None: what predicts, which is the best one, or
            where two networks work together these.

    Raises:
        CheckpointError: There is none.
    """
    given, path = os.fspath(path), Path(path)
    run, weights, model = path / "checkpoints", path / WEIGHTS, models().get(given)
    if model and (path.is_file() or run.is_dir() or weights.is_file()):
        said = f"{given}: what lies there is taken, and not the model of that name in {model}"
        warnings.warn(said, InputWarning, stacklevel=1)
    elif model:
        return model / WEIGHTS
    file = path
    if path.is_dir():
        name = name or (TRACKER if (run / f"{TRACKER}.ckpt").is_file() else "best")
        file = weights if weights.is_file() and not run.is_dir() else run / f"{name}.ckpt"
    if not file.is_file():
        raise CheckpointError(
            f"{file}: no such checkpoint; name a run directory, a .ckpt file, {or_models()}"
        )
    return file


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint with a `Record`, on the CPU, read without running code from it.

    What it takes of memory is bounded by its size. Its record is plain data of the right kinds;
    what that names is not looked at, see `trust.check_targets`.

    Raises:
        CheckpointError: The file was not written by tracknet, or by an earlier version.
    """
    import torch  # not above: commands ask for `NETWORK` before there is anything to compute

    file = find_checkpoint(path)
    remedy = "name a run directory or its checkpoints/best.ckpt"
    try:
        if file.name == WEIGHTS:
            state, content = read_folder(file)
            checkpoint = _of_folder(state, content)
        else:
            check_archive(file)
            checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except InputError as error:
        raise CheckpointError(f"{file}: not a checkpoint: {error}; {remedy}") from error
    except Exception as error:  # a foreign file lets the unpickler raise anything
        raise CheckpointError(f"{file}: not a checkpoint, or damaged; {remedy}") from error
    if isinstance(checkpoint, dict) and _claimed(checkpoint) > SHARED * file.stat().st_size:
        raise CheckpointError(f"{file}: its tensors would take more memory than it has bytes")
    _check(file, checkpoint)
    if LOOK in checkpoint:
        _check(file, checkpoint[LOOK])
        if wrong := mistake("look.zoom", checkpoint[LOOK].get("zoom"), Zoom):
            raise CheckpointError(f"{file}: its record is damaged ({wrong}); get it again")
    return checkpoint


def _check(file: Path, checkpoint: Any) -> None:
    """Refuses what is not a network with its record."""
    import torch

    if not isinstance(checkpoint, dict) or KEY not in checkpoint:
        raise CheckpointError(
            f"{file}: holds no tracknet configuration; was it written by another program?"
        )
    if wrong := _wrong(checkpoint[KEY]):
        raise CheckpointError(f"{file}: its record is damaged ({wrong}); get it again")
    if missing := {*NETWORK, "codec"} - YOUNGER - Record.of(checkpoint).config.keys():
        raise CheckpointError(
            f"{file}: its configuration has no {', '.join(sorted(missing))}: an earlier version of "
            "tracknet wrote it, whose networks are others; train anew"
        )
    if not _is_state(checkpoint.get("state_dict")):
        raise CheckpointError(f"{file}: holds no weights; name a checkpoint of a training")
    for name, value in checkpoint["state_dict"].items():
        if not torch.isfinite(value).all():
            raise CheckpointError(
                f"{file}: {short(name)} is not finite, since its training diverged"
            )


def position_of(checkpoint: Mapping[str, Any]) -> tuple[int, bool]:
    """Of a checkpoint with the state to go on from: whole epochs, and whether it is within one."""
    loop = checkpoint["loops"]["fit_loop"]
    epoch = loop["epoch_progress"]["current"]
    begun = epoch["ready"] != epoch["processed"]
    at_end = loop["epoch_loop.batch_progress"]["is_last_batch"]
    return epoch["processed"] + (begun and at_end), begun and not at_end


def network_state(checkpoint: dict[str, Any]) -> "dict[str, torch.Tensor]":
    """The network's own part of a checkpoint's state."""
    state = checkpoint["state_dict"]
    return {n.removeprefix(PREFIX): state[n] for n in state if n.startswith(PREFIX)}


def whole_state(checkpoint: dict[str, Any]) -> "dict[str, torch.Tensor]":
    """The weights of all networks of a checkpoint, those of its second look by a prefix."""
    look = network_state(checkpoint[LOOK]) if LOOK in checkpoint else {}
    return network_state(checkpoint) | {f"{LOOK}.{name}": value for name, value in look.items()}


def _of_folder(state: "dict[str, torch.Tensor]", content: dict[str, Any]) -> dict[str, Any]:
    """What `whole_state` and the entries of `PORTABLE` amount to."""
    checkpoint = {key: content[key] for key in PORTABLE if key in content}
    parts: dict[bool, dict[str, torch.Tensor]] = {False: {}, True: {}}
    for name, value in state.items():
        second = LOOK in checkpoint and name.startswith(f"{LOOK}.")
        parts[second][PREFIX + (name.removeprefix(f"{LOOK}.") if second else name)] = value
    checkpoint["state_dict"] = parts[False]
    if isinstance(checkpoint.get(LOOK), dict):
        checkpoint[LOOK] = {**checkpoint[LOOK], "state_dict": parts[True]}
    return checkpoint


def digest(state: "Mapping[str, torch.Tensor]") -> str:
    """SHA-256 of a network's state: what tells weights apart, whatever file they are in."""
    import torch

    found = hashlib.sha256()
    for name, value in sorted(state.items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def rewrite(path: Path, checkpoint: dict[str, Any]) -> None:
    """Replaces a checkpoint in one step."""
    import torch

    content = io.BytesIO()
    torch.save(checkpoint, content)
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content.getbuffer())


def _wrong(record: Any) -> str | None:
    """What is wrong with a record, wherever it came from."""
    if wrong := plain_fault(record):
        return wrong
    names = Record.__dataclass_fields__.keys()
    if not isinstance(record, dict) or record.keys() != names:
        return f"expected {', '.join(names)}"
    for key, hint in HINTS.items():
        value: Any = record
        for name in key.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None and key.startswith("config."):  # an earlier version, as will be said
            continue
        if wrong := mistake(key, value, hint):
            return wrong
    config = record["config"]
    (height, width), frames = config.get("image_size", (1, 1)), config.get("frames", 1)
    for what, count in {"a frame": 1, "a window": frames}.items():
        if height * width * count > PIXELS[what]:
            return f"{height}x{width} and {frames} frames: more than {PIXELS[what]:,} pixels {what}"
    return None


def _claimed(checkpoint: dict[str, Any]) -> int:
    """Bytes of all tensors, once those are written out that repeat what they have."""
    import torch

    waiting, claimed, seen = [checkpoint], 0, set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, torch.Tensor):
            claimed += value.numel() * value.element_size()
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, dict) else value
    return claimed


def _is_state(state: Any) -> bool:
    import torch

    return isinstance(state, Mapping) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    )
