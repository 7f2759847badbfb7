"""Decodes every split of a dataset into the frame store, and names what is wrong with it."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig
from rich.progress import Progress
from rich.table import Table

from tracknet.console import console
from tracknet.data.checks.duplicates import Signature, is_duplicate, signature
from tracknet.data.checks.repeats import repeated_frames
from tracknet.data.checks.rows import Problem, row_problems
from tracknet.data.checks.time_shift import time_shifts
from tracknet.data.formats.base import Dataset, DataWarning, LabelError
from tracknet.data.predictions import whole_file
from tracknet.data.store import FrameStore, StoredClip
from tracknet.pipelines.common import build_dataset, find_clips
from tracknet.pipelines.settings import read_settings
from tracknet.report import write_dataset
from tracknet.types import ABSENT, UNLABELLED

SPLITS = ("train", "val", "test")
COLUMNS = ["Clip", "Frame", "Kind", "Message"]


def prepare(cfg: DictConfig) -> pd.DataFrame:
    """Decodes, checks and writes `problems.csv` and `report.html`; a broken clip does not end it.

    Returns:
        The problems, one a row, with the columns of `problems.csv`. Frame counts from 0 and is
        empty where a problem belongs to no single frame.

    Raises:
        LabelError: `strict` is set and there are problems; they are written before.
        LeakError: A clip is in two splits.
        InputError, OSError: The store cannot be written, or a setting is out of its range.
    """
    config = read_settings(cfg)
    dataset = build_dataset(config)
    splits: dict[str, list[StoredClip]] = {}
    found: list[tuple[str, int | None, str, str]] = []
    for split in SPLITS:
        splits[split], problems = _prepare_split(config, dataset, split)
        found += problems
    found += _checked(splits)
    problems = pd.DataFrame(found, columns=COLUMNS).astype({"Frame": "Int64"})
    file = Path(config["paths"]["output"]) / "problems.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as unfinished:
        problems.to_csv(unfinished, index=False)
    report = file.with_name("report.html")
    facts = {
        "dataset": f"{dataset.name} ({dataset.root})",
        "network size": "{1}x{0}".format(*config["image_size"]),
        "store": config["paths"]["store"],
    }
    write_dataset(report, dataset.name, facts, splits, problems)
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
        except LabelError as error:
            found.append((error.clip, error.frame, error.kind, str(error)))
    for warning in caught:
        problem = warning.message
        if isinstance(problem, DataWarning):
            found.append((problem.clip, problem.frame, problem.kind, str(problem)))
        else:
            warnings.warn_explicit(problem, warning.category, warning.filename, warning.lineno)
    return stored, found


def _checked(splits: Mapping[str, Sequence[StoredClip]]) -> list[tuple[str, int | None, str, str]]:
    """What labels and frames tell of each other, clip by clip and across splits."""
    found: list[tuple[str, int | None, str, str]] = []
    signatures: list[tuple[str, str, Signature]] = []
    with Progress(transient=True) as progress:
        task = progress.add_task("checking clips", total=sum(map(len, splits.values())))
        for split, clips in splits.items():
            for clip in clips:
                name, own = clip.clip.name, signature(clip.frames)
                problems = list(row_problems(clip.clip.labels, len(clip), clip.letterbox.source))
                problems += _shifted(clip)
                repeats = repeated_frames(own.changes)
                if len(repeats):
                    problems.append(
                        (
                            int(repeats[0]),
                            "repeated_frame",
                            f"{len(repeats)} of {len(clip)} frames repeat the one before, as in a "
                            "video of 25 frames/s that was made one of 30",
                        )
                    )
                found += [(name, *problem) for problem in problems]
                signatures.append((split, name, own))
                progress.advance(task)
    for (split, name, one), (elsewhere, other_name, other) in combinations(signatures, 2):
        if split != elsewhere and is_duplicate(one, other):
            message = f"shows the same rally as {other_name}; take one of them out of its split"
            found.append((name, None, "cross_split_duplicate", message))
    return found


def _shifted(clip: StoredClip) -> Iterator[Problem]:
    shifts = time_shifts(clip.frames, clip.network_xy, clip.labels.visibility)
    for shift in shifts:
        late = "late" if shift.frames < 0 else "early"
        what = f"the labels of frames {shift.first} to {shift.last} are {abs(shift.frames)} {late}"
        if shift.whole:
            remedy = f"add {shift.frames} to their frame numbers"
        else:
            remedy = "other parts have another shift: frames were lost or added on the way"
        yield shift.first, "time_shift" if shift.whole else "drift", f"{what}; {remedy}"


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
    out.print(f"{len(problems)} problems")
    for written in (file, file.with_name("report.html")):
        out.print(f"wrote {written}")
