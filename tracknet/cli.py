"""The commands: Hydra composes the configuration, a pipeline does the work."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from tracknet.arguments import to_hydra
from tracknet.console import command, plain_errors, plain_warnings, quietly
from tracknet.help import answered
from tracknet.process import importing, keep_memory, leave, share_cores
from tracknet.run_folder import without_refused
from tracknet.signals import SIGNALS, Signalled
from tracknet.trust import CONFIGS
from tracknet.zoo import or_models

if TYPE_CHECKING:
    from tracknet.video import Frame, Source, VideoInfo

SEARCH = str(CONFIGS)
FULL_ERROR = "HYDRA_FULL_ERROR"
TRACEBACKS = os.environ.get(FULL_ERROR) == "1"
"""Whether they were asked for."""
EARLY_BYTES = 300 << 20
"""Memory for frames that are decoded before there is a network; 100 of 1080p."""


@hydra.main(version_base="1.3", config_path=SEARCH, config_name="train")
def _train(cfg: DictConfig) -> dict[str, Any] | None:
    from tracknet.sweep import run_job

    with _working(cfg):
        if HydraConfig.get().mode is RunMode.MULTIRUN:
            return run_job(_job, cfg)
        _job(cfg)
    return None


def _job(cfg: DictConfig) -> dict[str, float]:
    """Trains; a signal ends the process, and with it a sweep."""
    with importing():
        from tracknet.pipelines.train import train
        from tracknet.training.callbacks import Interrupted

    try:
        return train(cfg, HydraConfig.get().overrides.task)
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        sys.exit(stop.code)


def train() -> None:
    """``scripts/train.py``; ``resume=<run dir>`` takes that run's own configuration along."""
    from tracknet.resume import resumed_arguments, without_failed_overrides

    _take_arguments("train")
    with without_failed_overrides(sys.argv), SIGNALS.end_process():
        with plain_errors():
            sys.argv = resumed_arguments(sys.argv)
        _run(_train, "train")


@hydra.main(version_base="1.3", config_path=SEARCH, config_name="predict")
def _predict(cfg: DictConfig) -> None:
    from tracknet.pipelines.settings import read_settings
    from tracknet.video import find_sources

    with _working(cfg):
        try:
            config = read_settings(cfg, "predict", parts=False)
            sources = find_sources(config["source"])
            # The first video is being decoded while torch is imported, which takes longer.
            opened = _early(sources[0])
            with importing():
                from tracknet.pipelines.predict import predict

            predict(config, sources, opened)
        except Signalled as stop:
            print(f"interrupted; what was written so far is in {cfg.paths.output}", file=sys.stderr)
            sys.exit(stop.code)


def _early(source: "Source") -> "tuple[VideoInfo, Iterator[Frame]] | None":
    """A video that is being decoded; None where there is nothing to begin with."""
    from tracknet.video import VideoError, is_stream, open_video, prefetch

    if is_stream(source):
        return None
    try:
        info, frames = open_video(source)
    except VideoError:  # reported when its turn comes
        return None
    return info, prefetch(frames, max(1, EARLY_BYTES // info.frame_bytes))


def predict() -> None:
    """``scripts/predict.py``."""
    _take_arguments("predict")
    with SIGNALS.end_process():
        _run(_predict, "predict", one_arena=False)
    leave()


def _entry(name: str, module: str, figures: str | None = None) -> Callable[[], None]:
    """``scripts/<name>.py``: runs the function of that name of a pipeline.

    A sweep has a table if the pipeline's function `figures` makes a row of what comes out.
    """

    @hydra.main(version_base="1.3", config_path=SEARCH, config_name=name)
    def main(cfg: DictConfig) -> dict[str, Any] | None:
        with importing():
            pipeline = import_module(f"tracknet.pipelines.{module}")
        job = getattr(pipeline, name)
        with _working(cfg):
            if figures and HydraConfig.get().mode is RunMode.MULTIRUN:
                from tracknet.sweep import run_job

                row = getattr(pipeline, figures)
                return run_job(lambda cfg: row(job(cfg)), cfg)
            job(cfg)
        return None

    def run() -> None:
        _take_arguments(name)
        with SIGNALS.end_process():
            _run(main, name)

    return run


def _take_arguments(name: str) -> None:
    """Has Hydra take names literally; or gives help."""
    _show_names()
    with plain_errors():
        if answered(name, sys.argv[1:]):
            sys.exit()
        sys.argv[1:] = to_hydra(name, sys.argv[1:])


def _show_names() -> None:
    """Has names shown that are not in UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(main: Callable[[], None], name: str, one_arena: bool = True) -> None:
    keep_memory(one_arena)
    share_cores()
    if TRACEBACKS:
        return main()
    os.environ[FULL_ERROR] = "1"  # what Hydra would print, it raises
    try:
        main()
    except Exception as error:
        if FULL_ERROR not in os.environ:  # in the middle of the work
            raise
        from tracknet.refusals import sentence

        sys.exit(f"error: {sentence(error, SEARCH, name, sys.argv[1:])}")
    finally:
        os.environ.pop(FULL_ERROR, None)


@contextmanager
def _working(cfg: DictConfig) -> Iterator[None]:
    """Inside, a configuration is composed: Hydra is as the user, and processes started, know it."""
    if not TRACEBACKS:
        os.environ.pop(FULL_ERROR, None)
    quiet = quietly(cfg.get("quiet") is True)
    with without_refused(), quiet, plain_warnings(), plain_errors():
        yield
    if not TRACEBACKS:  # until the next job of a sweep is composed
        os.environ[FULL_ERROR] = "1"


evaluate = _entry("evaluate", "evaluate", figures="headline")
benchmark = _entry("benchmark", "benchmark")
compare = _entry("compare", "compare")
export = _entry("export", "export")
to_cvat = _entry("to_cvat", "labelling")
from_labels = _entry("from_labels", "labelling")
prepare = _entry("prepare", "prepare")
adapt = _entry("adapt", "adapt")
import_checkpoint = _entry("import_checkpoint", "import_checkpoint")


def info() -> None:
    """``scripts/info.py``, which has no configuration."""
    parser = ArgumentParser(
        prog=command("info"),
        description="Says what this machine has, or what is in runs, checkpoints and models.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "run",
        nargs="*",
        help="folder of a training run, such as outputs/train/2026-01-31_12-00-00-000000, a "
        f"checkpoint file, {or_models()}",
    )
    said = f"tracknet {version('tracknet')}"
    parser.add_argument("--version", action="version", version=said, help="of tracknet")
    named = parser.parse_args().run
    _show_names()
    from tracknet.pipelines.info import info

    with SIGNALS.end_process(), plain_warnings(), plain_errors():
        sys.exit(0 if info(named) else 1)
