"""Continuing a run in place, with its own configuration."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from tracknet.arguments import override, text_of, value_of
from tracknet.console import quoted, warn
from tracknet.errors import InputError, InputWarning
from tracknet.files import whole_file
from tracknet.overrides import FILE, key_of, read_overrides, taken_over
from tracknet.record import (
    NETWORK,
    CheckpointError,
    find_checkpoint,
    position_of,
    read_checkpoint,
)
from tracknet.trust import short
from tracknet.values import dotted

INTERRUPTED = (130, 143)
"""What a run exits with that Ctrl-C or SIGTERM stopped."""


def resumed_arguments(arguments: list[str]) -> list[str]:
    """Puts the overrides that a run was started with before those given now, which win.

    The configuration is composed from the old overrides together with the new ones, so that a group
    that is chosen anew takes the place of the old one. The run may be somebody else's: of its
    overrides groups and values count, not where something is written.

    Args:
        arguments: Of the process, the program's name first.

    Raises:
        InputError: ``resume=`` names no run directory, or stands in a sweep; or an override of the
            run names code, or a file.
    """
    given = {key_of(argument) for argument in arguments[1:]}
    run = _run(arguments)
    if run is None:
        return arguments
    if given & {"-m", "--multirun"}:
        raise InputError("resume= continues one run in its own directory; leave -m out")
    places = [value_of(a) for a in arguments if key_of(a) == "hydra.run.dir"]
    if any(Path(place) != run for place in places):  # Lightning names it to processes
        raise InputError("resume= continues a run in its own directory; leave hydra.run.dir= out")
    _refuse_links(run)
    packages = re.findall(r"[\w.]+", "".join(a for a in arguments if a.startswith("trust=")))[1:]
    saved = [override for override in read_overrides(run) if key_of(override) not in given]
    kept, left = taken_over(saved, run, packages)
    if left := [override for override in left if not override.startswith("paths.output=")]:
        said = short(" ".join(quoted(text_of(override)) for override in left))
        warn(f"resume={run} leaves out where it wrote or sent to: {said}; add what is to hold")
    new = [a for a in arguments[1:] if not a.startswith("-") and ("=" in a or a.startswith("~"))]
    # The parser takes no override that a flag parts from the others.
    flags = [argument for argument in arguments[1:] if argument not in new]
    return [arguments[0], *flags, *kept, *new, override("hydra.run.dir", str(run))]


def _refuse_links(run: Path) -> None:
    """Refuses a run directory that leads out of itself: what goes on in it writes there.

    Raises:
        InputError: A link in it does.
    """
    home, files = run.resolve(), []
    for path in run.rglob("*"):
        found = path.lstat()
        try:
            inside = path.resolve().is_relative_to(home)
        except (OSError, RuntimeError):  # a link to itself
            inside = False
        if not inside or not (
            S_ISREG(found.st_mode) or S_ISDIR(found.st_mode) or path.is_symlink()
        ):
            raise InputError(
                f"resume={run}: {path.relative_to(run)} leads out of it, or is no file; put the "
                "files there themselves, or remove it"
            )
        files += [(path, found)] if S_ISREG(found.st_mode) else []
    here = Counter(found.st_ino for _, found in files)
    for path, found in files:
        if found.st_nlink > here[found.st_ino]:  # the last two checkpoints may be one file
            raise InputError(
                f"resume={run}: {path.relative_to(run)} is a file elsewhere, too, which the "
                "run would write to; make a copy of it"
            )


@contextmanager
def without_failed_overrides(arguments: list[str]) -> Iterator[None]:
    """Takes the given overrides out of a resumed run again if what is inside fails.

    One that the training fails with would come along with every later ``resume=``. Those of an
    interrupted run stay, and those that a checkpoint was written under.

    Args:
        arguments: Of the process, as they were given.
    """
    run = _run(arguments)
    saved = [Path(run, name) for name in (FILE, "config.yaml")] if run else []
    before = {file: file.read_bytes() for file in saved if file.is_file()}
    written = _written(run)
    try:
        yield
    except BaseException as stop:
        trained = getattr(stop, "code", 1) in INTERRUPTED or _written(run) != written
        for file, content in () if trained else before.items():
            with whole_file(file) as unfinished:
                unfinished.write_bytes(content)
        raise


def _written(run: Path | None) -> int | None:
    """When a run's last checkpoint was written; None where there is none."""
    last = Path(run or "", "checkpoints", "last.ckpt")
    return last.stat().st_mtime_ns if run and last.is_file() else None


def _run(arguments: list[str]) -> Path | None:
    """The run directory that ``resume=`` names."""
    named = [
        a for a in arguments if a.startswith("resume=") and a not in ("resume=", "resume=null")
    ]
    return Path(value_of(named[-1])) if named else None


def find_state(named: str | Path) -> tuple[Path, dict[str, Any]]:
    """The newest good checkpoint that a training can go on from, and its content.

    Args:
        named: A run directory, in which `last.ckpt` comes first; or a checkpoint file.

    Raises:
        CheckpointError: There is none.
    """
    if not Path(named).is_dir():
        file = find_checkpoint(named)
        return file, read_checkpoint(file)
    folder, why = Path(named, "checkpoints"), ""
    last = folder / "last.ckpt"
    others = [file for file in folder.glob("*.ckpt") if file != last]
    for file in [last, *sorted(others, key=lambda file: file.stat().st_mtime, reverse=True)]:
        try:
            checkpoint = read_checkpoint(file)
        except CheckpointError as error:
            why = why or f" ({error})"
            continue
        if _goes_on(checkpoint):
            if file != last:
                warnings.warn(
                    f"{last} is {'damaged' if last.exists() else 'missing'}; the training goes on "
                    f"from {file.name}, after step {checkpoint['global_step']}",
                    InputWarning,
                    stacklevel=2,
                )
            return file, checkpoint
    raise CheckpointError(
        f"{folder}: holds no checkpoint that a training can go on from{why}; begin a new run, "
        f"which {quoted(f'init_from={named}')} gives the weights of best.ckpt, if that is whole"
    )


def _goes_on(checkpoint: Mapping[str, Any]) -> bool:
    """Whether it holds the state of a training, and not a network alone."""
    try:
        states, steps = checkpoint["optimizer_states"], checkpoint["global_step"]
        return bool(states) and position_of(checkpoint)[0] >= 0 and type(steps) is int
    except (LookupError, TypeError):
        return False


def check_same_network(
    saved: Mapping[str, Any], config: Mapping[str, Any], argument: str = "resume="
) -> None:
    """Refuses to go on with another network.

    Args:
        saved: The configuration of the run or checkpoint to go on with.
        config: The one that is given now.
        argument: What asked to go on, for the message.

    Raises:
        InputError: They differ; the message shows each difference.
    """
    old, new = (dict(dotted({key: own.get(key) for key in NETWORK})) for own in (saved, config))
    pairs = [(key, old.get(key), new.get(key)) for key in sorted({*old, *new})]
    differences = [
        f"{key}: {before} -> {now}"
        for key, before, now in pairs
        if before != now and not isinstance(before or now, Mapping)
    ]
    if differences:
        raise InputError(
            f"{argument} continues the same network, but these differ: "
            + "; ".join(differences)
            + f". Make them agree, or start a new run without {argument}"
        )


def check_same_batches(
    saved: Mapping[str, Any],
    checkpoint: Mapping[str, Any],
    config: Mapping[str, Any],
    argument: str = "resume=",
) -> None:
    """Refuses to go on within an epoch with batches of another size, or on other devices.

    Where the epoch stopped is counted in batches of each device.

    Args:
        saved: The configuration of the checkpoint to go on with.
        checkpoint: That one.
        config: The configuration that is given now.
        argument: What asked to go on, for the message.

    Raises:
        InputError: The checkpoint holds a network alone, or size or devices differ and an epoch
            is not over.
    """
    if "loops" not in checkpoint:
        raise InputError(
            f"{argument} goes on from a last.ckpt, and this one holds a network alone; name the "
            "run directory, or begin a new run with its weights by init_from="
        )
    number, within = position_of(checkpoint)
    for name, old, new in (
        ("batch_size", saved["batch_size"], config["batch_size"]),
        ("trainer.devices", saved["trainer"]["devices"], config["trainer"]["devices"]),
    ):
        if old != new and within:
            used = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]["current"]["ready"]
            raise InputError(
                f"{name}={old} -> {new}: {argument} goes on within epoch {number}, after "
                f"{used} batches of {saved['batch_size']}; keep "
                f"{name}={old}, or finish the epoch first (trainer.max_epochs={number + 1})"
            )
