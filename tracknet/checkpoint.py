"""From a checkpoint to a predictor: the file alone is enough, and none of it is taken on trust."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from tracknet.build import build
from tracknet.devices import pick_device
from tracknet.errors import InputError
from tracknet.inference.look import SecondLook
from tracknet.inference.network import torch_network
from tracknet.inference.overlap import OverlapName
from tracknet.inference.predictor import Predictor
from tracknet.inference.quality import (
    QUALITIES,
    TRACKINGS,
    QualityName,
    TrackingName,
    make_tracker,
)
from tracknet.inference.tracking import Tracker
from tracknet.models import HeatmapModel
from tracknet.models.lora import has_adapters, merge_adapters
from tracknet.network import build_model
from tracknet.record import (
    KEY,
    LOOK,
    NETWORK,
    PREFIX,
    CheckpointError,
    Record,
    find_checkpoint,
    network_state,
    read_checkpoint,
)
from tracknet.trust import as_list, check_targets, packages_of

OURS = "tracknet"

BUILT = (*NETWORK, "codec")
"""Of a checkpoint's configuration: what prediction builds."""


def read_trusted(
    path: str | Path, trust: str | Sequence[str] = ()
) -> tuple[dict[str, Any], Record]:
    """A checkpoint and its record, of which prediction can be built.

    Raises:
        CheckpointError: It cannot be read.
        InputError: It names code that is neither this package's nor that of a package in `trust`.
    """
    checkpoint = read_checkpoint(path)
    record = Record.of(checkpoint)
    for own in (checkpoint, *([checkpoint[LOOK]] if LOOK in checkpoint else [])):
        check_targets(Record.of(own).config, BUILT, as_list(trust), find_checkpoint(path))
    return checkpoint, record


def with_look(first: dict[str, Any], look: dict[str, Any], zoom: int) -> dict[str, Any]:
    """The checkpoint of a tracker: a first network, and the one that looks a second time.

    Args:
        first: Checkpoint of the first network.
        look: Of the second one.
        zoom: How many times as large as the first network's pictures those are that the second one
            sees patches of.
    """
    kept = ("state_dict", KEY)
    second = {**{key: look[key] for key in kept}, "zoom": zoom}
    return {**{key: first[key] for key in kept}, LOOK: second}


def own_packages(config: Mapping[str, Any], *further: str) -> list[str]:
    """The packages besides this one that prediction by one's own configuration is built of.

    Args:
        config: Of a training.
        further: Groups that are built as well, such as ``data`` for scoring.
    """
    named = packages_of({group: config.get(group) for group in (*BUILT, *further)})
    return [package for package in named if package != OURS]


def trusting(config: Mapping[str, Any], *further: str) -> list[str]:
    """The setting of a command that trusts `own_packages`, if there are any."""
    packages = own_packages(config, *further)
    return [f"trust=[{','.join(packages)}]"] if packages else []


def load(
    path: str | Path,
    *,
    threshold: float | None = None,
    quality: QualityName | None = None,
    overlap: OverlapName | None = None,
    tracking: TrackingName | Tracker | None = None,
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
    trust: str | Sequence[str] = (),
) -> Predictor:
    """A predictor from a run directory, a checkpoint file or a model; see `tracknet.load`."""
    if quality not in (None, *QUALITIES):
        raise InputError(f"quality={quality!r}; expected {' or '.join(QUALITIES)}")
    if isinstance(tracking, str) and tracking not in TRACKINGS:
        raise InputError(f"tracking={tracking!r}; expected {', '.join(TRACKINGS)}, or a tracker")
    checkpoint, record = read_trusted(path, trust)
    config, thresholds = record.config, record.thresholds
    if "first" in (config.get("task") or {}):
        raise CheckpointError(
            f"{find_checkpoint(path)}: looks at what another network finds, and is none by itself; "
            "name its run directory, and if that run was cut off, go on with it first (resume=)"
        )
    try:
        model = _restored(record, network_state(checkpoint))
        parts = {"codec": build(config, "codec"), "fit": build(config, "fit")}
    except Exception as error:  # settings that never were trained with may fail anyhow
        said = str(error).split("\n")[0]
        raise CheckpointError(
            f"{find_checkpoint(path)}: no network can be built of it: {said}"
        ) from error
    network = torch_network(model, pick_device(device))
    look = (
        _second_look(checkpoint[LOOK], config, parts["fit"], device) if LOOK in checkpoint else None
    )

    def predictor(word: QualityName) -> Predictor:
        # A second look is worth more than windows that overlap, and costs a fraction.
        name = overlap or ("none" if look else QUALITIES[word].overlap)
        tracker = tracking or QUALITIES[word].tracking
        twice = look if word == "best" else None
        # A run that was cut off has validated separate windows only.
        best = thresholds.get(LOOK if twice else name, thresholds["none"])
        return Predictor(
            network=network,
            image_size=tuple(config["image_size"]),
            threshold=best if threshold is None else threshold,
            overlap=name,
            tracker=make_tracker(tracker) if isinstance(tracker, str) else tracker,
            look=twice,
            batch_size=batch_size,
            **parts,
        )

    made = predictor(quality or "best")
    if quality is None:
        made.live = predictor("fast")
    return made


def merged(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint whose network has no adapters: what they learned is in its weights.

    Args:
        checkpoint: As `read_trusted` gave it.
    """
    record = Record.of(checkpoint)
    own = dict(checkpoint)
    if has_adapters(checkpoint["state_dict"]):
        state = _restored(record, network_state(checkpoint)).state_dict()
        own["state_dict"] = {PREFIX + name: value for name, value in state.items()}
        backbone = _without_adapters(record.config["backbone"])
        replace(record, config={**record.config, "backbone": backbone}).put_into(own)
    return own | ({LOOK: merged(checkpoint[LOOK])} if LOOK in checkpoint else {})


def _without_adapters(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = {n: _without_adapters(v) if isinstance(v, Mapping) else v for n, v in settings.items()}
    return plain | ({"lora": 0} if "lora" in plain else {})


def _second_look(
    checkpoint: dict[str, Any], config: Mapping[str, Any], fit: Any, device: str
) -> SecondLook:
    """What looks a second time.

    Args:
        checkpoint: Its part of a tracker's.
        config: Of the first network.
        fit: How frames become pictures, of either size.
        device: Where it runs.
    """
    record = Record.of(checkpoint)
    network = torch_network(_restored(record, network_state(checkpoint)), pick_device(device))
    patch, (height, width) = record.config["image_size"], config["image_size"]
    size = height * checkpoint["zoom"], width * checkpoint["zoom"]
    return SecondLook(network, build(record.config, "codec"), tuple(patch), size, fit)


def _restored(record: Record, state: Mapping[str, torch.Tensor]) -> HeatmapModel:
    """The network of a record with its weights; what adapters learned is merged into those.

    Raises:
        InputError: Names or shapes differ.
    """
    config, weights = record.config, record.weights
    if not own_packages(config):
        # Without memory first: what is built then is no larger than the file.
        with torch.device("meta"):
            _check_fits(build_model(config, weights), state)
    model = build_model(config, weights)
    _check_fits(model, state)
    model.load_state_dict(state)
    merge_adapters(model)
    return model


def _check_fits(model: HeatmapModel, state: Mapping[str, torch.Tensor]) -> None:
    own = model.state_dict()
    if missing := sorted(own.keys() - state.keys()):
        raise InputError(
            f"{len(missing)} of its {len(own)} weights are missing, {missing[0]} first"
        )
    if more := sorted(state.keys() - own.keys()):
        raise InputError(f"{len(more)} weights are none of its network's, {more[0]} first")
    for name, value in state.items():
        if value.shape != own[name].shape:
            here, there = tuple(own[name].shape), tuple(value.shape)
            raise InputError(f"{name} has the shape {there}, expected {here}")
