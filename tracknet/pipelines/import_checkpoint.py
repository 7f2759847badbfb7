"""Makes a run of a checkpoint that another project has published."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from tracknet.archive import check_archive
from tracknet.checkpoint import BUILT
from tracknet.console import command, say
from tracknet.errors import InputError
from tracknet.models.backbones.base import describe_weights
from tracknet.names import readable
from tracknet.network import build_model
from tracknet.pipelines.settings import read_settings
from tracknet.published import KINDS, Published
from tracknet.published.numbers import NAMED as FURTHER, STAND_INS
from tracknet.record import PREFIX, Record, rewrite
from tracknet.trust import short

TAUGHT = ("task", "loss", "transform", "parameters", "optimizer", "batch_size", "resident")
"""Of the experiment: how adapt.py trains the network on."""
HALF = 0.5
"""The published threshold of all kinds."""
WRAPPED = "module."
"""What DataParallel puts before every key."""
NAMED = 20
"""Keys that a message lists."""


def import_checkpoint(cfg: DictConfig) -> Path:
    """Writes a run directory with the network of a published checkpoint, and returns it.

    The network is that of the experiment of its kind, with what the file says of frames and
    background. Nothing in the file is run.

    Raises:
        InputError: The file is none of that kind, or its keys, shapes or kinds of numbers are not
            those of the network; or the run directory holds a run.
    """
    config = read_settings(cfg, "import_checkpoint")
    source, output = Path(config["source"]), Path(config["paths"]["output"])
    checkpoints = output / "checkpoints"
    if checkpoints.exists():
        raise InputError(f"{output}: holds a run already; choose another hydra.run.dir")
    published = KINDS[config["kind"]]
    content = _read(source, published, config["kind"])
    try:
        told = published.settings(content)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    for key, value in {**published.network, **told}.items():
        *outer, last = key.split(".")
        functools.reduce(lambda inner, name: inner[name], outer, config)[last] = value
    model = build_model(config)
    state = _fitting(content[published.entry], published, model.state_dict(), source)
    model.load_state_dict(published.to_ours(state))
    kept = {key: config[key] for key in (*BUILT, *TAUGHT)}
    weights = describe_weights("imported", f"{config['kind']}, {readable(source.name)}")
    checkpoint = {"state_dict": {PREFIX + n: v for n, v in model.state_dict().items()}}
    Record(kept, weights, thresholds={"none": HALF}, val_f1=None).put_into(checkpoint)
    checkpoints.mkdir(parents=True)
    rewrite(checkpoints / "best.ckpt", checkpoint)
    run = str(output)
    own = [
        f"experiment={config['kind']}",
        *(f"{key}={value}".lower() for key, value in told.items()),
    ]
    begun = command("train", *own, f"init_from={run}", "data=<layout>")
    say(f"wrote {output}: {len(state)} tensors of {source.name}", result=True)
    say("next:", f"  {command('predict', run, 'match.mp4')}", f"  {begun}", result=True)
    return output


def _read(source: Path, published: Published, kind: str) -> dict[str, Any]:
    """The entries of a published checkpoint, read without running code from it."""
    if not source.is_file():
        raise InputError(f"{source}: no such file; name a checkpoint as its authors published it")
    stand_ins: list[Any] = [(own, name) for name, own in STAND_INS.items()]
    try:
        check_archive(source, FURTHER)
        with torch.serialization.safe_globals(stand_ins):
            content = torch.load(source, map_location="cpu", weights_only=True)
    except InputError as error:
        raise InputError(f"{source}: no checkpoint of kind={kind}: {error}") from error
    except OSError:
        raise
    except Exception as error:  # a foreign file lets the unpickler raise anything
        raise InputError(f"{source}: no checkpoint, or damaged; get it again") from error
    entries = content if isinstance(content, dict) else {}
    state = entries.get(published.entry)
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        others = [name for name, other in KINDS.items() if other.entry in entries]
        has = ", ".join(short(name) for name in [*entries][:NAMED]) or "none at all"
        found = f"it may be kind={' or kind='.join(others)}" if others else f"it has {has}"
        raise InputError(
            f"{source}: no checkpoint of kind={kind}, whose weights are in an entry "
            f"{published.entry}; {found}"
        )
    return entries


def _fitting(
    state: Mapping[Any, torch.Tensor],
    published: Published,
    own: Mapping[str, torch.Tensor],
    source: Path,
) -> dict[str, torch.Tensor]:
    """The published state without wrappers, once it is known to be that of the network."""
    state = {str(key).removeprefix(WRAPPED): value for key, value in state.items()}
    if wrong := list(_mismatches(state, published.to_published(own))):
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise InputError(
            f"{source}: not the weights of this network: {'; '.join(wrong[:NAMED])}{more}"
        )
    return state


def _mismatches(
    state: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> Iterator[str]:
    """What is wrong with each key."""
    for key in [*own, *(key for key in state if key not in own)]:
        if key not in state:
            yield f"{key} is missing"
        elif key not in own:
            yield f"{short(key)} is none of its keys"
        elif _kind(state[key]) != _kind(own[key]):
            yield f"{key} is {_kind(state[key])}, expected {_kind(own[key])}"
        elif not torch.isfinite(state[key]).all():
            yield f"{key} is not finite"


def _kind(tensor: torch.Tensor) -> str:
    shape = "x".join(map(str, tensor.shape)) or "a number"
    return f"{str(tensor.dtype).removeprefix('torch.')} {shape}"
