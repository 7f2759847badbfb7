"""Sweeps (`-m`): a failing job does not end them, and all jobs stand in one table at the end."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig

from tracknet.console import print_table, unlogged
from tracknet.errors import InputError
from tracknet.files import write_json

JOB = "job.json"
HIDDEN = ("epoch",)
FOLD, MEAN = "fold", "mean"


def run_job(job: Callable[[DictConfig], dict[str, float]], cfg: DictConfig) -> dict[str, Any]:
    """Runs one job of a sweep and records its figures, or why it failed, in its folder.

    A job that was done before is not done again, so that the same command goes on with a sweep
    that was cut off.

    Returns:
        The record.

    Raises:
        InputError: The folder holds a job of another sweep.
    """
    hydra = HydraConfig.get()
    record: dict[str, Any] = {"job": hydra.job.num, "overrides": list(hydra.overrides.task)}
    file = Path(hydra.runtime.output_dir, JOB)
    if file.is_file():
        old = json.loads(file.read_text())
        if old["overrides"] != record["overrides"]:
            raise InputError(
                f"{file.parent} holds a job of another sweep ({' '.join(old['overrides'])}); "
                "choose another hydra.sweep.dir"
            )
        if old["status"] == "ok":
            print(f"job {hydra.job.num} was done before: {file}")
            return old
    try:
        if "trainer" in cfg:
            check_one_device(cfg.trainer.devices)
        record |= {"status": "ok", "figures": job(cfg)}
    except Exception as error:
        said = str(error)
        if not isinstance(error, InputError):
            traceback.print_exc()
            said = f"{type(error).__name__}: {said}"
        record |= {"status": "failed", "error": said}
    write_json(file, record)
    return record


def check_one_device(devices: Any) -> None:
    """Refuses what Lightning would answer by starting the whole sweep once more per device."""
    named = isinstance(devices, list | ListConfig)  # by their numbers
    if devices not in (1, "1") and not (named and len(devices) == 1):
        raise InputError(
            f"trainer.devices={devices} does not go with a sweep: each job trains on one device; "
            "set trainer.devices=1, or start the jobs one by one, without -m"
        )


class SweepTable(Callback):
    """Prints the table of all jobs and writes it as ``summary.csv`` into the sweep's folder."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if job_return.status is JobStatus.COMPLETED and job_return.return_value:
            self.jobs.append(job_return.return_value)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        folder, jobs = Path(config.hydra.sweep.dir), self.jobs
        if not jobs:
            return
        import pandas as pd  # not above: the jobs do without

        table = pd.DataFrame([*map(_row, jobs), *_means(jobs)])
        table.to_csv(folder / "summary.csv", index=False, errors="backslashreplace")
        # Of the overrides, those that tell the jobs apart.
        alike = [n for job in jobs for n in _overrides(job) if table[n].nunique(dropna=False) == 1]
        hidden = ["error", *(alike if len(jobs) > 1 else [])]
        shown = table.astype(object).where(table.notna(), "").drop(columns=hidden, errors="ignore")
        rows = ([f"{v:.3f}" if isinstance(v, float) else v for v in row] for row in shown.values)
        with unlogged():
            print_table("sweep", list(shown), rows, left=len(shown.columns))
        print(f"wrote {folder / 'summary.csv'}")
        failed = [f"  job {job['job']}: {job['error']}" for job in jobs if "error" in job]
        if failed:
            sys.exit("\n".join([f"{len(failed)} of {len(jobs)} jobs failed", *failed]))


def _means(jobs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The mean over the folds that were done, a row for every choice of the other overrides.

    Evaluations of the runs of several folds differ in these runs as well.
    """
    choices: dict[tuple, list[dict[str, Any]]] = {}
    for job in jobs:
        if _fold(job):
            own = {n: value for n, value in _overrides(job).items() if n not in (FOLD, "ckpt")}
            choices.setdefault(tuple(own.items()), []).append(job)
    for own, folds in choices.items():
        done = [job["figures"] for job in folds if "figures" in job]
        if done and 1 < len(folds) == len({*map(_fold, folds)}):
            names = [name for name in done[0] if name not in (*HIDDEN, FOLD)]
            means = {name: fmean(figures[name] for figures in done) for name in names}
            said = f"{len(done)} of {len(folds)}"
            yield {"job": "", **dict(own), FOLD: MEAN, "status": said, **means}


def _fold(job: dict[str, Any]) -> str | None:
    """The match that a job left out, as it was told to or as its run had been."""
    return _overrides(job).get(FOLD) or job.get("figures", {}).get(FOLD)


def _row(job: dict[str, Any]) -> dict[str, Any]:
    figures = job.get("figures", {})
    return {
        "job": job["job"],
        **_overrides(job),
        "status": job["status"],
        **{key: value for key, value in figures.items() if key not in HIDDEN},
        **({"error": job["error"]} if "error" in job else {}),
    }


def _overrides(job: dict[str, Any]) -> dict[str, str]:
    """Name -> value; the value of ``~name`` is empty."""
    return dict(override.partition("=")[::2] for override in job["overrides"])
