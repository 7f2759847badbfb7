"""Continuing a run in place, with its own configuration."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracknet.console import warn
from tracknet.errors import InputError
from tracknet.overrides import FILE, key_of, read_overrides, taken_over
from tracknet.record import NETWORK
from tracknet.trust import short
from tracknet.values import dotted

INTERRUPTED = 130
"""What a run that Ctrl-C stopped exits with."""


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
    _refuse_links(run)
    packages = re.findall(r"[\w.]+", "".join(a for a in arguments if a.startswith("trust=")))[1:]
    saved = [override for override in read_overrides(run) if key_of(override) not in given]
    kept, left = taken_over(saved, run, packages)
    if left := [override for override in left if not override.startswith("paths.output=")]:
        said = short(" ".join(left))
        warn(f"resume={run} leaves out where files were written: {said}; add what is to hold")
    new = [a for a in arguments[1:] if not a.startswith("-") and ("=" in a or a.startswith("~"))]
    # The parser takes no override that a flag parts from the others.
    flags = [argument for argument in arguments[1:] if argument not in new]
    return [arguments[0], *flags, *kept, *new, f"hydra.run.dir='{run}'"]


def _refuse_links(run: Path) -> None:
    """Refuses a run directory that leads out of itself: what goes on in it writes there.

    Raises:
        InputError: A link in it does.
    """
    home = run.resolve()
    for path in run.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            raise InputError(
                f"resume={run}: {path.relative_to(run)} is a link to {path.resolve()}, where the "
                "run would write; put the files there themselves, or remove the link"
            )


@contextmanager
def without_failed_overrides(arguments: list[str]) -> Iterator[None]:
    """Takes the given overrides out of a resumed run again if what is inside fails.

    One that the training fails with would come along with every later ``resume=``. Those of an
    interrupted run stay.

    Args:
        arguments: Of the process, as they were given.
    """
    run = _run(arguments)
    saved = Path(run or "", FILE)
    before = saved.read_text() if run and saved.is_file() else None
    try:
        yield
    except BaseException as stop:
        if before is not None and getattr(stop, "code", 1) != INTERRUPTED:
            saved.write_text(before)
        raise


def _run(arguments: list[str]) -> Path | None:
    """The run directory that ``resume=`` names."""
    named = [a.removeprefix("resume=").strip("'\"") for a in arguments if a.startswith("resume=")]
    return Path(named[-1]) if named and named[-1] not in ("", "null") else None


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
    old, new = (dict(dotted({key: own[key] for key in NETWORK})) for own in (saved, config))
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
    loop = checkpoint["loops"]["fit_loop"]
    epoch, batches = loop["epoch_progress"]["current"], loop["epoch_loop.batch_progress"]
    over = epoch["ready"] == epoch["processed"] or batches["is_last_batch"]
    for name, old, new in (
        ("batch_size", saved["batch_size"], config["batch_size"]),
        ("trainer.devices", saved["trainer"]["devices"], config["trainer"]["devices"]),
    ):
        if old != new and not over:
            number = epoch["processed"]
            raise InputError(
                f"{name}={old} -> {new}: {argument} goes on within epoch {number}, after "
                f"{batches['current']['ready']} batches of {saved['batch_size']}; keep "
                f"{name}={old}, or finish the epoch first (trainer.max_epochs={number + 1})"
            )
