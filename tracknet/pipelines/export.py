"""Makes a model that is handed on, of a run: a folder with weights, configuration and a card."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from rich.filesize import decimal

from tracknet.arguments import PATHS
from tracknet.checkpoint import BUILT, load, merged, read_trusted
from tracknet.console import command, say
from tracknet.errors import InputError
from tracknet.pipelines.cost import gflop
from tracknet.pipelines.facts import facts_of, manifest_of, splits_of, written_by
from tracknet.pipelines.own import METRICS, read_metrics
from tracknet.pipelines.settings import read_settings
from tracknet.record import LOOK, PORTABLE, Record, digest, find_checkpoint, whole_state
from tracknet.report import model_card
from tracknet.zoo import LARGEST, OURS
from tracknet.zoo.folder import CARD, CONFIG, WEIGHTS, write_folder

NAME = re.compile(r"\w[\w.-]*")
RENDERED = "cache"
"""A setting that holds a path, which a command always replaces by its own."""


def export(cfg: DictConfig) -> Path:
    """Writes the folder of a model and returns it.

    Its configuration is that of the run, without the places where files were on its machine.

    Raises:
        InputError: The checkpoint or an evaluation cannot be read, the figures are of other
            weights, there is such a folder, or it is too large for a model of this package.
    """
    config = read_settings(cfg, "export")
    checkpoint, _ = read_trusted(config["ckpt"], config["trust"])
    file, state = find_checkpoint(config["ckpt"]), whole_state(checkpoint)
    named = config["evaluations"]
    own = [named] if isinstance(named, str) else named
    evaluations = [_read_figures(Path(one), digest(state), config["ckpt"]) for one in own]
    checkpoint = merged(checkpoint)
    record, state = Record.of(checkpoint), whole_state(checkpoint)
    name = config["name"] or Path(config["ckpt"]).name.removesuffix(".ckpt")
    folder = Path(config["paths"]["output"], name)
    if not NAME.fullmatch(name):
        raise InputError(f"name={name}: expected letters, digits, dots, dashes; add name=<name>")
    if folder.exists():
        raise InputError(f"{folder}: is there already; remove it, or choose another name=<name>")
    state = {n: _stored(value, config["precision"], n) for n, value in state.items()}
    size = sum(value.nbytes for value in state.values())
    if size > LARGEST and folder.parent.resolve() == OURS:
        raise InputError(
            f"{folder}: {decimal(size)} of weights, and a model of this package has at most "
            f"{decimal(LARGEST)}; choose a smaller network, or add precision=float16"
        )
    manifest = manifest_of(file, checkpoint)
    facts = {key: ", ".join(parts) for key, parts in facts_of(checkpoint)}
    facts["weights"] = f"{decimal(size)} in {config['precision']}, SHA-256 {digest(state)}"
    facts["cost"] = _cost(config)
    facts["splits"] = "; ".join(splits_of(manifest))
    facts["written by"] = ", ".join(written_by(manifest))
    facts = {key: said for key, said in facts.items() if said}
    notes = _read_notes(config["notes"])
    card = model_card(facts, evaluations, name, config["license"], notes)
    portable = replace(record, config=_portable(record.config))
    content = {key: checkpoint[key] for key in PORTABLE if key in checkpoint}
    content["manifest"] = {key: value for key, value in manifest.items() if key != "weights"}
    portable.put_into(content)
    if look := checkpoint.get(LOOK):
        own = Record.of(look)
        second = {"zoom": look["zoom"]}
        replace(own, config=_portable(own.config)).put_into(second)
        content[LOOK] = second
    write_folder(folder, state, content, card)
    say(f"wrote {folder}: {WEIGHTS} ({decimal(size)}), {CONFIG}, {CARD}", result=True)
    say("next:", f"  {command('predict', str(folder), 'match.mp4')}", result=True)
    return folder


def _read_figures(evaluation: Path, weights: str, run: str) -> dict[str, Any]:
    """The figures of an evaluation of these weights."""
    file = evaluation / METRICS if evaluation.is_dir() else evaluation
    metrics = read_metrics(file)
    if metrics.get("weights_sha256") != weights:
        raise InputError(
            f"{file}: these figures are of other weights than {run}; score it by "
            f"{command('evaluate', run)}"
        )
    return metrics


def _read_notes(file: str | None) -> str:
    return Path(file).read_text(encoding="utf-8", errors="replace") if file else ""


def _stored(value: torch.Tensor, precision: str, name: str) -> torch.Tensor:
    """A tensor in that precision, if it is no count."""
    if not value.is_floating_point():
        return value
    stored = value.to(getattr(torch, precision))
    if not torch.isfinite(stored).all():
        raise InputError(f"precision={precision}: {name} is too large for it; leave it out")
    return stored


def _cost(config: Mapping[str, Any]) -> str:
    """What frames and windows cost, as PyTorch counts it."""
    predictor = load(config["ckpt"], device="cpu", trust=config["trust"])
    network: Any = predictor.network
    frame, window = gflop(network.model, predictor.image_size)
    frames = network.frames
    said = (
        f"{f'{frame:.2f} GFLOP a frame and ' if frame else ''}{window:.2f} GFLOP a window of "
        f"{frames} frames, multiplications and additions counted"
    )
    if look := predictor.look:
        second: Any = look.network
        frame, window = gflop(second.model, look.patch)
        each = second.frames * frame + window
        return f"{said}, one every {frames} frames, and {each:.3f} for each candidate looked at"
    return f"{said}: quality=best takes a window a frame, quality=fast one every {frames} frames"


def _portable(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's configuration without where files were; what the network is made of stays."""
    return _without_places(config, "") | {key: config.get(key) for key in BUILT}


def _without_places(settings: Mapping[str, Any], outer: str) -> dict[str, Any]:
    kept = {}
    for name, value in settings.items():
        key = f"{outer}{name}"
        if isinstance(value, Mapping) and value:
            value = _without_places(value, f"{key}.")
            kept |= {name: value} if value else {}
        elif name == RENDERED:
            kept[name] = None
        elif ".splits." in key or not PATHS.fullmatch(key):
            kept[name] = value
    return kept
