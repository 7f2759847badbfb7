"""Says what this machine has, and what is in a run."""

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from rich.filesize import decimal

from tracknet.console import command
from tracknet.errors import InputError
from tracknet.machine import cores, processor
from tracknet.names import readable
from tracknet.overrides import FILE as OVERRIDES
from tracknet.pipelines.facts import Fact, facts_of, manifest_of, written_by
from tracknet.record import CheckpointError, Record, find_checkpoint, read_checkpoint
from tracknet.resume import position_of
from tracknet.trust import CONFIGS, CONTROL, short
from tracknet.zoo import models
from tracknet.zoo.folder import CARD, WEIGHTS

PACKAGES = (
    *("torch", "torchvision", "transformers", "lightning", "hydra-core", "numpy", "pandas"),
    *("opencv-python-headless", "av"),
)
LAST = "last.ckpt"
WIDTH = 88
"""Of what is said, in characters; a path is not broken."""


def info(named: Sequence[str]) -> bool:
    """Prints what is in each of these runs or models; of none, what the machine has.

    Nothing of a checkpoint is run, and it may be anybody's.

    Returns:
        Whether all of them could be read. What is wrong with one is a sentence on standard error.
    """
    if not named:
        _print(_of_system())
    good = True
    for i, path in enumerate(named):
        print(end="\n" if i else "")
        try:
            file, checkpoint = _find(path)
            _print(_of_checkpoint(file, checkpoint))
            _print_next(path, file, checkpoint)
        except (InputError, OSError) as error:
            print(f"error: {_printable(error)}", file=sys.stderr)
            good = False
    return good


def _print(facts: Iterable[Fact]) -> None:
    for name, parts in facts:
        lines = [""]
        for part in [*(f"{part}, " for part in parts[:-1]), *parts[-1:]]:
            if lines[-1] and len(lines[-1]) + len(part) > WIDTH:
                lines.append("")
            lines[-1] += part
        print(f"{name:<12}" + f"\n{'':<12}".join(line.rstrip() for line in lines), flush=True)


def _printable(said: object) -> str:
    return CONTROL.sub("?", readable(str(said)))


def _of_system() -> Iterator[Fact]:
    """What the machine has; what takes seconds to find out comes last."""
    yield "tracknet", [version("tracknet"), str(Path(__file__).parents[1])]
    yield "system", [platform.platform()]
    yield "python", [platform.python_version(), sys.executable]
    yield "packages", [*_versions()]
    yield "models", [*models()] or ["none in the package"]
    import av

    program = shutil.which("ffmpeg") or "none as a program, and none is needed"
    libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
    yield "ffmpeg", [f"PyAV's, libavcodec {libavcodec}", program]
    yield "cpu", [processor(), cores()]
    root = Path(yaml.safe_load((CONFIGS / "paths" / "default.yaml").read_text())["root"]).absolute()
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    yield "outputs", [str(root), f"{decimal(shutil.disk_usage(there).free)} free"]
    import torch

    from tracknet.devices import pick_device, supports_bfloat16

    for number in range(torch.cuda.device_count()):
        memory = decimal(torch.cuda.get_device_properties(number).total_memory)
        yield f"cuda:{number}", [torch.cuda.get_device_name(number), memory]
    if not torch.cuda.is_available():
        built = torch.version.cuda or torch.version.hip
        yield "cuda", ["none found" if built else "none, this PyTorch is built without"]
    yield "mps", ["found" if torch.backends.mps.is_available() else "none"]
    device = pick_device("auto")
    yield "auto", [f"device {device}", f"bfloat16 {'used' if supports_bfloat16(device) else 'no'}"]


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} not installed"


def _find(path: str) -> tuple[Path, dict[str, Any]]:
    """The checkpoint of that name, or a run's best one; of one that has none yet, its last."""
    try:
        file = find_checkpoint(path)
    except CheckpointError:
        if not Path(path, "checkpoints", LAST).is_file():
            raise
        file = find_checkpoint(path, "last")
    return file, read_checkpoint(file)


def _of_checkpoint(file: Path, checkpoint: dict[str, Any]) -> Iterator[Fact]:
    yield "checkpoint", [_printable(file), decimal(file.stat().st_size)]
    config = Record.of(checkpoint).config
    data, fold = config.get("data"), config.get("fold")
    root = data.get("root") if isinstance(data, dict) else None
    of_data = [root] if isinstance(root, str) else []
    of_data += [f"without match {fold}"] if isinstance(fold, str) else []
    further = {"data": of_data, "trained": [*_of_run(file)]}
    for name, parts in facts_of(checkpoint):
        yield name, [*parts, *further.get(name, [])]
    if (card := file.with_name(CARD)).is_file() and file.name == WEIGHTS:
        yield "card", [_printable(card)]
    if trained_with := written_by(manifest_of(file, checkpoint)):
        yield "written by", trained_with


def _of_run(file: Path) -> Iterator[str]:
    """How many epochs the run of a checkpoint has."""
    done, more = _position(file)
    yield from [f"the run has {done} epochs{more}"] if done else [more] if more else []


def _position(file: Path) -> tuple[int, str]:
    """How many whole epochs the run of a checkpoint has, as far as can be told, and what more."""
    try:
        last = file.with_name(LAST)
        done, within = position_of(read_checkpoint(last)) if last.is_file() else (0, False)
        return done, " and part of one" if within else ""
    except (CheckpointError, LookupError, TypeError):
        return 0, f"{LAST} is damaged"


def _print_next(run: str, file: Path, checkpoint: dict[str, Any]) -> None:
    """Prints the commands that go on with a run, a checkpoint or a model."""
    from tracknet.checkpoint import own_packages, trusting

    config = Record.of(checkpoint).config
    if packages := own_packages(config, "data"):
        print(f"it names parts of {short(', '.join(packages))}, whose code is run if you trust it")
    print("next:")
    print(f"  {command('predict', run, 'match.mp4', *trusting(config))}  # or a video of your own")
    if file.name == WEIGHTS or "data" not in config:  # it knows no place of data
        print(f"  {command('evaluate', run, 'my_videos', *trusting(config))}")
        print(f"  {command('train', 'my_videos', f'init_from={run}')}")
        return
    split = ["split=val"] if config.get("fold") else []
    print(f"  {command('evaluate', run, *trusting(config, 'data'), *split)}")
    done, _ = _position(file)
    if Path(run, OVERRIDES).is_file() and done:
        print(f"  {command('train', f'resume={run}', f'trainer.max_epochs={2 * done}')}")
