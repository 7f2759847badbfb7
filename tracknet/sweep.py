"""Sweeps (`-m`): a failing job does not end them, and all jobs stand in one table at the end."""

import csv
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

JOB = "job.json"
HIDDEN = ("epoch",)


def run_job(job: Callable[[DictConfig], dict[str, float]], cfg: DictConfig) -> None:
    """Runs one job of a sweep and records its figures, or why it failed, in its folder."""
    hydra = HydraConfig.get()
    record: dict[str, Any] = {"job": hydra.job.num, "overrides": list(hydra.overrides.task)}
    try:
        record |= {"status": "ok", "figures": job(cfg)}
    except Exception as error:
        traceback.print_exc()
        record |= {"status": "failed", "error": f"{type(error).__name__}: {error}"}
    Path(hydra.runtime.output_dir, JOB).write_text(json.dumps(record, indent=1) + "\n")


class SweepTable(Callback):
    """Prints the table of all jobs and writes it as ``summary.csv`` into the sweep's folder."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        jobs = sorted(
            (json.loads(file.read_text()) for file in folder.glob(f"*/{JOB}")),
            key=lambda job: job["job"],
        )
        if not jobs:
            return
        rows = [_row(job) for job in jobs]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with open(folder / "summary.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        _print(rows, columns)
        print(f"wrote {folder / 'summary.csv'}")
        failed = [str(job["job"]) for job in jobs if job["status"] != "ok"]
        if failed:
            sys.exit(f"{len(failed)} of {len(jobs)} jobs failed: {', '.join(failed)}")


def _row(job: dict[str, Any]) -> dict[str, Any]:
    overrides = dict(override.split("=", 1) for override in job["overrides"])
    figures = job.get("figures", {})
    return {
        "job": job["job"],
        **overrides,
        "status": job["status"],
        **{key: value for key, value in figures.items() if key not in HIDDEN},
        **({"error": job["error"]} if "error" in job else {}),
    }


def _print(rows: list[dict[str, Any]], columns: list[str]) -> None:
    table = Table(title="sweep", title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        values = [row.get(column, "") for column in columns]
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in values))
    Console().print(table)
