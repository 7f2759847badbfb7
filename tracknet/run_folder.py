"""A command's folder of results: where it is refused, nothing of it is left."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

SETTINGS = {".hydra", "config.yaml", "overrides.yaml", ".lock"}
"""What is written before anything is done."""
_made: list[Path] = []
"""Folders that were not there before, of which Hydra makes the last one with those above it."""


class RunFolder(Callback):
    """Notes which folders Hydra is about to make."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        folder = Path(os.path.abspath(config.hydra.run.dir))
        _made[:] = [path for path in (*reversed(folder.parents), folder) if not path.exists()]


@contextmanager
def without_refused() -> Iterator[None]:
    """Inside, a command that ends with an error takes its folder along, if it wrote nothing there.

    What stands there by then, settings and the log, says no more than the error.
    """
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.code, str) and _made and HydraConfig.initialized():
            _remove(Path(HydraConfig.get().runtime.output_dir))
        raise


def _remove(folder: Path) -> None:
    if folder != _made[-1] or any(
        _is_of_use(path.relative_to(folder)) for path in folder.rglob("*")
    ):
        return
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # somebody else's results are beside it
        for above in reversed(_made[:-1]):
            above.rmdir()


def _is_of_use(path: Path) -> bool:
    return not (path.suffix == ".log" or {*path.parts} & SETTINGS)
