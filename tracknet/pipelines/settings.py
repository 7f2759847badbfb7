"""What can be told of settings by looking at them alone, before anything is assembled."""

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field

from tracknet.arguments import called
from tracknet.build import check_parts, target_of
from tracknet.errors import InputError
from tracknet.published import KINDS
from tracknet.refusals import unresolved
from tracknet.trust import PARTIAL, TARGET
from tracknet.values import (
    Count,
    Natural,
    NonNegative,
    Positive,
    Seed,
    Share,
    Size,
    Stride,
    Text,
    Window,
    dotted,
    mistake,
    shown,
)
from tracknet.zoo import or_models

NEEDED = {
    **dict.fromkeys(["train", "benchmark"], ("task", "data", "trainer")),
    "prepare": ("data", "fit"),
    "adapt": ("selection", "scheduler", "trainer"),
    **dict.fromkeys(["evaluate", "compare", "to_cvat"], ("fit",)),
}
"""The groups that a command cannot do without; a task has further ones."""
DEFERRED = ("fit", "parameters", "optimizer", "scheduler")
"""Of these those that are made later, of what is not known yet."""
OPTIONAL = ("detail", "attention", "transform", "sampling", "callbacks", "logger")
FIGURES = {
    **dict.fromkeys(["val/f1", "val/precision", "val/recall", "val/highest_score"], "max"),
    "val/loss": "min",
}
"""What training logs that a callback may follow, and which end is the better one."""


def _said(hint: Any, words: str) -> Any:
    """A hint with words of its own."""
    return Annotated[hint, Field(description=words)]


Batches = _said(
    Annotated[float, Field(gt=0, le=1)] | Count,
    "a share above 0 and up to 1.0, or a number of batches, 1 or more",
)
Duration = _said(
    Annotated[str, Field(pattern=r"^(?=.*[1-9])\d+:\d\d:\d\d:\d\d$")] | NoneType,
    "days:hours:minutes:seconds, such as 00:01:00:00 for an hour, or null",
)
Devices = _said(
    Count
    | Literal[-1, "-1", "auto"]
    | Annotated[list[Natural], Field(min_length=1)]
    | Annotated[str, Field(pattern=r"^\d+(,\d+)*$")],
    "a number of devices, 1 or more, a list of their numbers, -1 for all, or auto",
)
Precision = _said(
    Literal[
        *("auto", "32-true", "bf16-mixed", "16-mixed", "64-true", "bf16-true", "16-true"),
        *(16, 32, 64, "16", "32", "64", "bf16"),
    ],
    "auto, or one of Lightning's, such as 32-true, 16-mixed or bf16-mixed",
)
SOURCE = _said(
    Text | Natural | Annotated[list[Text | Natural], Field(min_length=1)],
    "a path, a pattern, a URL or a camera's number, or several of them as [a,b]",
)
FALSE, FIGURE = Literal[False], Literal[tuple(FIGURES)]
Fraction = Annotated[float, Field(ge=0, lt=1)]

OF_A_KIND = {
    bool: "strict quiet callbacks.best.network_alone",
    Count: "pairs batches trainer.max_epochs trainer.accumulate_grad_batches",
    Count | NoneType: "overfit max_clips trainer.check_val_every_n_epoch",
    Natural: "trainer.log_every_n_steps callbacks.early_stopping.patience "
    "callbacks.progress.refresh_rate callbacks.progress.process_position",
    Batches: "trainer.limit_train_batches trainer.limit_val_batches",
    Text: "split trainer.default_root_dir paths.root paths.store paths.synthetic paths.output",
    Text | NoneType: "resume init_from ckpt_path ckpt predictions labels overlap reference "
    "name license notes",
    Literal["best", "fast"] | NoneType: "quality",
    Literal["max", "min"]: "callbacks.best.mode callbacks.early_stopping.mode",
    FIGURE: "callbacks.best.monitor callbacks.early_stopping.monitor",
    FALSE: "callbacks.last.network_alone",
}
SETTINGS = {name: hint for hint, names in OF_A_KIND.items() for name in names.split()} | {
    "command": str,
    "fold": Text | NoneType,
    "image_size": _said(Size, "height and width in pixels, such as [288,512]"),
    "frames": Window,
    "heatmap_stride": Stride,
    "batch_size": Count | Literal["auto"],
    "num_workers": Annotated[int, Field(ge=0, le=256)],
    "resident": Literal["auto"] | bool,
    "seed": Seed,
    "share": _said(Annotated[float, Field(gt=0, le=1)], "a share above 0 and up to 1"),
    "rate": Annotated[float, Field(gt=0, le=100)],
    "tolerance": Share,
    "threshold": _said(Share | NoneType, "a score from 0 to 1, or null"),
    "device": _said(
        Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")],
        "auto, cpu, cuda, cuda:<number> or mps",
    ),
    "source": SOURCE | NoneType,
    "kind": Literal[tuple(KINDS)],
    "annotations": _said(Text | list[Text], "one path, a pattern that finds them, or several"),
    "videos": _said(Text | Natural | NoneType, "one folder"),
    "class": _said(Text | int | NoneType, "the name of a class, or null"),
    "evaluations": _said(Text | list[Text], "folders of evaluate.py, as in evaluations=[<one>]"),
    "precision": Literal["float32", "float16"],
    "first_frame": _said(Literal[0, 1] | NoneType, "0, 1 or null"),
    "trust": _said(Text | list[Text], "packages, as in trust=mine or trust=[mine,yours]"),
    "runs": _said(Text | list[Text | int], "run directories, as in runs=[<first>,<second>]"),
    # Of parts that are others' and take more than is sensible, or say too little.
    "optimizer.lr": Annotated[float, Field(gt=0, le=100)],
    "optimizer.weight_decay": Annotated[float, Field(ge=0, le=100)],
    "optimizer.eps": Positive,
    "optimizer.betas": Annotated[list[Fraction], Field(min_length=2, max_length=2)],
    "optimizer.momentum": Fraction,
    "trainer.strategy": Literal[
        "auto", "ddp", "ddp_spawn", "ddp_find_unused_parameters_true", "fsdp", "deepspeed"
    ],
    "trainer.accelerator": Literal["auto", "cpu", "gpu", "cuda", "mps"],
    "trainer.devices": Devices,
    "trainer.precision": Precision,
    "trainer.max_steps": Count | Literal[-1],
    "trainer.min_epochs": Natural | NoneType,
    "trainer.max_time": Duration,
    "trainer.gradient_clip_val": NonNegative | NoneType,
    "trainer.gradient_clip_algorithm": Literal["norm", "value"] | NoneType,
    "trainer.num_sanity_val_steps": _said(Literal[0], "0: it would count as the best epoch"),
    "trainer.use_distributed_sampler": _said(FALSE, "false: windows are shared out already"),
    "trainer.overfit_batches": _said(Literal[0], "0; overfit=<windows> does that"),
    "trainer.fast_dev_run": bool | Natural,
    "trainer.enable_checkpointing": _said(Literal[True], "true: a run ends with its best network"),
    "callbacks.best.filename": Literal["best"],
    "callbacks.last.filename": Literal["last"],
    "callbacks.early_stopping.min_delta": NonNegative,
}
"""Hints of what no part takes, and of what parts of others take."""
LEARNS = {"batch_size": Count}
FINDS = {"ckpt": Text, "source": SOURCE}
OWN = {
    **{"train": LEARNS, "benchmark": LEARNS, "export": {"ckpt": Text}},
    **{"predict": FINDS, "adapt": FINDS, "import_checkpoint": {"source": Text}},
}
"""Those of a command that are its own."""


def read_settings(cfg: DictConfig, command: str, parts: bool = True) -> dict[str, Any]:
    """The resolved configuration of a command, plain; groups that are left out are empty.

    Args:
        cfg: As composed.
        command: Whose it is.
        parts: Whether the settings of parts are checked as well, which imports the parts.

    Raises:
        InputError: A value is missing, of another kind or out of its range, or the training would
            end without a best network.
    """
    try:
        config = cast("dict[str, Any]", OmegaConf.to_container(cfg, resolve=True))
    except OmegaConfBaseException as error:
        raise InputError(unresolved(error)) from error
    config |= {group: config.get(group) or {} for group in OPTIONAL}
    if missing := sorted(name for name, value in dotted(config) if value == "???"):
        given = " ".join(called(command, name) for name in missing)
        said = f"{', '.join(missing)}: missing; add {given}"
        if "source" in missing and config.get("ckpt", "???") != "???":
            said += f" behind {config['ckpt']}, which is taken for the <run>"
        if "ckpt" in config and {"source", "ckpt"} & {*missing}:
            said += f"; a <run> is a run directory, a checkpoint file, {or_models()}"
        raise InputError(said)
    check_settings(config, command, parts)
    return config


def check_settings(config: Mapping[str, Any], command: str, parts: bool = True) -> None:
    """Checks the settings of a resolved configuration, see `read_settings`."""
    if wrong := list(_mistakes(config, command)) or list(_misfits(config)):
        raise InputError("; ".join(wrong))
    if parts:
        check_parts(config, known=SETTINGS)


def _mistakes(config: Mapping[str, Any], command: str) -> Iterator[str]:
    """What is wrong with each value by itself."""
    values = dict(dotted(config))
    hints = SETTINGS | OWN.get(command, {}) | {"command": Literal[command]}
    if config.get("predictions"):  # the scores of another program may go beyond 1
        hints["threshold"] = _said(NonNegative | NoneType, "a score, 0 or more, or null")
    for name, hint in hints.items():
        if name in values and (wrong := mistake(name, values[name], hint)):
            yield wrong
    for name, value in config.items():
        if name not in SETTINGS and not isinstance(value, Mapping):
            yield f"{shown(name, value)}: no command reads that; leave it out"
    task = config.get("task") or {}
    own = target_of(task, "task").needs if task.get(TARGET) else ()
    for group in (*NEEDED.get(command, ()), *own):
        part = config.get(group) or {}
        if not part.get(TARGET):
            yield f"{group}.{TARGET}: missing, and {command} needs one; leave it as it is"
        elif part.get(PARTIAL, False) is not (group in DEFERRED):
            yield f"{group}.{PARTIAL}: expected {str(group in DEFERRED).lower()}"
    for group in ("callbacks", "logger", "transform", "writers", "protocols"):
        for name, part in (config.get(group) or {}).items():
            if part is not None and not (isinstance(part, Mapping) and TARGET in part):
                yield f"{shown(f'{group}.{name}', part)}: expected a {TARGET} and settings, or null"


def _unlike_maps(config: Mapping[str, Any]) -> Iterator[str]:
    codec, loss = (getattr(target_of(config[key], key), "maps", 1) for key in ("codec", "loss"))
    if codec != loss:
        yield (
            f"the codec gives {codec} maps of a frame, the loss takes {loss}; set "
            "codec=offset and loss=offset, or neither"
        )


def _misfits(config: Mapping[str, Any]) -> Iterator[str]:
    """What does not go together."""
    if config["command"] not in ("train", "benchmark"):
        return
    going_on = [name for name in ("resume", "ckpt_path") if config[name]]
    for name in ("ckpt_path", "init_from"):
        if config[name] and going_on and going_on[0] != name:
            yield (
                f"{name}={config[name]}: {going_on[0]}= goes on with the weights of its own "
                f"checkpoint; leave one of the two out"
            )
    if config.get("codec") and config.get("loss"):
        yield from _unlike_maps(config)
    callbacks, trainer = config["callbacks"], config["trainer"]
    folder = f"{config['paths']['output']}/checkpoints"
    for name, why in (
        ("best", "a run ends with the best network, which that keeps"),
        ("last", "resume= goes on from the last network, which that keeps"),
        ("interrupt", None),
    ):
        part = callbacks.get(name)
        if part is None:
            yield from [f"callbacks.{name}=null: {why}; leave it on"] if why else []
        elif part.get("dirpath") != folder:
            yield f"callbacks.{name}.dirpath={part.get('dirpath')}: expected {folder}"
    for name in ("best", "early_stopping"):
        part = callbacks.get(name) or {}
        better = FIGURES.get(part.get("monitor", ""))
        if better and part.get("mode", "min") != better:
            yield (
                f"callbacks.{name}.mode={part.get('mode', 'min')}: expected {better}, since "
                f"{part['monitor']} is better the {'higher' if better == 'max' else 'lower'} it is"
            )
    every, epochs = trainer.get("check_val_every_n_epoch") or 1, trainer.get("max_epochs", 1)
    if epochs < every:
        yield (
            f"trainer.check_val_every_n_epoch={every}: no validation, by which the best network is "
            f"chosen, falls into trainer.max_epochs={epochs}; set it to {epochs} or less"
        )
