"""Decodes every split of a dataset into the frame store, and names what is wrong with it."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf
from rich.table import Table

from tracknet.console import console
from tracknet.data.formats.base import Dataset, DataWarning, LabelError
from tracknet.data.store import FrameStore, StoredClip
from tracknet.pipelines.common import build_dataset, find_clips
from tracknet.types import ABSENT, UNLABELLED
from tracknet.video import VideoError

SPLITS = ("train", "val", "test")
COLUMNS = ["Clip", "Frame", "Kind", "Message"]


def prepare(cfg: DictConfig) -> pd.DataFrame:
    """Decodes, checks, prints a table and writes `problems.csv`; a broken clip does not end it.

    Returns:
        The problems, one a row, with the columns of `problems.csv`. Frame counts from 0 and is
        empty where a problem belongs to no single frame.

    Raises:
        LabelError: `strict` is set and there are problems; they are written before.
        LeakError: A clip is in two splits.
        InputError, OSError: The store cannot be written.
    """
    config = OmegaConf.to_container(cfg, resolve=True)
    dataset = build_dataset(config)
    splits: dict[str, list[StoredClip]] = {}
    found: list[tuple[str, int | None, str, str]] = []
    for split in SPLITS:
        splits[split], problems = _prepare_split(config, dataset, split)
        found += problems
    problems = pd.DataFrame(found, columns=COLUMNS).astype({"Frame": "Int64"})
    file = Path(config["paths"]["output"]) / "problems.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    problems.to_csv(file, index=False)
    _print(splits, problems, file)
    if config["strict"] and len(problems):
        raise LabelError(
            f"{len(problems)} problems (an error because of strict=true), the first: "
            f"{problems['Message'].iloc[0]}; all are in {file}"
        )
    return problems


def _prepare_split(
    config: Mapping[str, Any], dataset: Dataset, split: str
) -> tuple[list[StoredClip], list[tuple[str, int | None, str, str]]]:
    """A split's stored clips, and what is wrong with it as rows of `problems.csv`."""
    store = FrameStore(config["paths"]["store"], config["image_size"])
    stored: list[StoredClip] = []
    found: list[tuple[str, int | None, str, str]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            clips = find_clips({**config, "strict": False}, dataset, split)
            stored, broken = store.open(clips)
            found += [(name, None, "unreadable", text) for name, text in broken.items()]
        except (LabelError, VideoError) as error:
            found.append(("", None, "unreadable", str(error)))
    for warning in caught:
        problem = warning.message
        if isinstance(problem, DataWarning):
            found.append((problem.clip, problem.frame, problem.kind, str(problem)))
        else:
            warnings.warn_explicit(problem, warning.category, warning.filename, warning.lineno)
    return stored, found


def _print(splits: Mapping[str, list[StoredClip]], problems: pd.DataFrame, file: Path) -> None:
    out, table = console(), Table(title="dataset", title_justify="left")
    for column in ("split", "clips", "frames", "ball", "no ball", "unlabelled"):
        table.add_column(column, justify="left" if column == "split" else "right")
    for split, clips in splits.items():
        states = [clip.labels.visibility for clip in clips]
        counts = [
            sum(map(len, clips)),
            sum((state > ABSENT).sum() for state in states),
            sum((state == ABSENT).sum() for state in states),
            sum((state == UNLABELLED).sum() for state in states),
        ]
        table.add_row(split, f"{len(clips):,}", *(f"{count:,}" for count in counts))
    out.print(table)
    if len(problems):
        table = Table(*COLUMNS, title="problems", title_justify="left")
        for row in problems.astype(object).where(problems.notna(), "").itertuples(index=False):
            table.add_row(*map(str, row))
        out.print(table)
    out.print(f"{len(problems)} problems; wrote {file}")
