"""Decodes every split of a dataset into the frame store, and names what is wrong with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from tracknet.build import build
from tracknet.console import fail, print_table, progress, say
from tracknet.data.checks.duplicates import Signature, duplicate_problems, signature
from tracknet.data.checks.offset import (
    Blobs,
    Offset,
    find_blobs,
    label_offsets,
    offset_problems,
)
from tracknet.data.checks.repeats import repeat_problems
from tracknet.data.checks.rows import row_problems
from tracknet.data.checks.time_shift import shift_problems
from tracknet.data.formats.base import LEFT_OUT, Dataset, LabelError
from tracknet.data.store import StoredClip
from tracknet.files import whole_file
from tracknet.pipelines.common import open_store
from tracknet.pipelines.settings import read_settings
from tracknet.pipelines.tables import print_written
from tracknet.problems import Problem
from tracknet.report import write_dataset
from tracknet.types import count_labels

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
        SystemExit: A clip was left out; the others are prepared, and all is written.
    """
    config = read_settings(cfg, "prepare")
    dataset = build(config, "data")
    splits: dict[str, list[StoredClip]] = {}
    found: list[Problem] = []
    for split in SPLITS:
        splits[split], own = _prepare_split(config, dataset, split)
        found += own
    checked, by_split, by_match = _checked(splits)
    found += checked
    rows = [(p.clip, p.frame, p.kind, p.message) for p in found]
    problems = pd.DataFrame(rows, columns=COLUMNS).astype({"Frame": "Int64"})
    output = Path(config["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    with whole_file(output / "problems.csv") as unfinished:
        problems.to_csv(unfinished, index=False, errors="backslashreplace")
    facts = {
        "dataset": f"{dataset.name} ({dataset.root})",
        "network size": "{1}x{0}".format(*config["image_size"]),
        "store": config["paths"]["store"],
    }
    offsets = {**by_split, **by_match}
    write_dataset(output / "report.html", dataset.name, facts, splits, found, offsets)
    _print(splits, by_split, problems, output)
    if config["strict"] and found:
        raise LabelError(
            f"{len(found)} problems (an error because of strict=true), the first: "
            f"{found[0].message}; all are in {output / 'problems.csv'}"
        )
    if left := sorted({problem.clip for problem in found if problem.message.endswith(LEFT_OUT)}):
        fail(f"{', '.join(left)} left out; {output / 'problems.csv'} says why")
    return problems


def _prepare_split(
    config: Mapping[str, Any], dataset: Dataset, split: str
) -> tuple[list[StoredClip], list[Problem]]:
    """A split's stored clips, and what is wrong with their labels and videos."""
    try:
        clips, problems = dataset.clips(split)
    except LabelError as error:
        return [], [Problem(error.kind, "", error.frame, str(error))]
    stored, broken = open_store(config).open(clips[: config["max_clips"]])
    return stored, problems + broken


def _checked(
    splits: Mapping[str, Sequence[StoredClip]],
) -> tuple[list[Problem], dict[str, Offset], dict[str, Offset]]:
    """What labels and frames tell of each other, clip by clip and across splits.

    Returns:
        Problems; and where labels sit from their balls: of all labels and of each split's, and of
        each match's, where they are enough.
    """
    found: list[Problem] = []
    signatures: list[tuple[str, str, Signature]] = []
    blobs: list[tuple[str, str, Blobs]] = []
    with progress(transient=True) as bar:
        task = bar.add_task("checking clips", total=sum(map(len, splits.values())))
        for split, clips in splits.items():
            for clip in clips:
                name, labels, own = clip.clip.name, clip.labels, signature(clip.frames)
                found += row_problems(name, clip.clip.labels, len(clip), clip.fit.source)
                found += shift_problems(name, clip.frames, clip.network_xy, labels.visibility)
                found += repeat_problems(name, own.changes)
                near = find_blobs(clip.frames, clip.fit, labels.xy, labels.visibility)
                blobs.append((split, clip.clip.match, near))
                signatures.append((split, name, own))
                bar.advance(task)
    by_split = label_offsets({"all": own, split: own} for split, _, own in blobs)
    by_match = label_offsets({match: own} for _, match, own in blobs)
    found += offset_problems(by_split.get("all"), by_match)
    found += duplicate_problems(signatures)
    return found, by_split, by_match


def _print(
    splits: Mapping[str, list[StoredClip]],
    offsets: Mapping[str, Offset],
    problems: pd.DataFrame,
    folder: Path,
) -> None:
    rows = []
    for split, clips in splits.items():
        counts = len(clips), sum(map(len, clips)), *count_labels(clip.labels for clip in clips)
        rows.append([split, *(f"{count:,}" for count in counts)])
    print_table("dataset", ["split", "clips", "frames", "ball", "no ball", "unlabelled"], rows)
    if offsets:
        columns = ["split", "labels", "x (px)", "y (px)", "ahead (frames)"]
        cells = [[name, f"{own.count:,}", *own.cells] for name, own in offsets.items()]
        print_table("labels beside what moves", columns, cells)
    if len(problems):
        cells = problems.astype(object).where(problems.notna(), "")
        print_table("problems", COLUMNS, cells.to_numpy(), left=len(COLUMNS))
    say(f"{len(problems)} problems", result=True)
    print_written(folder, "problems.csv", "report.html")
