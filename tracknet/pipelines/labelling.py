"""Labels and predictions to CVAT; labels from CVAT and other tools."""

import os
from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from tracknet.build import build
from tracknet.console import fail, say
from tracknet.data.exports.clips import find_sources_below, labels_of, source_named
from tracknet.data.exports.export import find_exports, is_cvat, read_export
from tracknet.data.exports.marks import Mark
from tracknet.data.formats.base import fit_labels
from tracknet.data.formats.cvat import read_cvat
from tracknet.data.formats.tables import write_labels
from tracknet.data.predictions import read_predictions
from tracknet.data.to_cvat import read_marks, task_labels, write_cvat
from tracknet.errors import InputError
from tracknet.files import write_json
from tracknet.names import located, readable
from tracknet.owned import own_file
from tracknet.pipelines.common import find_clips, lengths_of, open_clips, report
from tracknet.pipelines.settings import read_settings
from tracknet.problems import Problem
from tracknet.types import Clip, Labels, Track, count_labels
from tracknet.video import find_sources, is_stream, open_video, output_names

Marked = tuple[str, Path, Labels, Track | None]
"""What a file is called, its video, and what is known of its frames."""


def to_cvat(cfg: DictConfig) -> list[Path]:
    """Writes one XML file a video for CVAT, and `labels.json`, the labels that its task needs.

    Returns:
        The XML files.

    Raises:
        InputError: What is to be written is not said, or cannot be read, or a setting is out of its
            range.
        SystemExit: A video could not be used; the others were.
    """
    config = read_settings(cfg, "to_cvat")
    output = Path(config["paths"]["output"])
    broken: list[str] = []
    marked = list(_of_dataset(config) if config.get("data") else _of_videos(config, broken))
    files = []
    for name, source, labels, track in marked:
        file = output / f"{name}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with own_file(file):
                write_cvat(file, readable(source.name), labels, track)
        except InputError as error:
            broken.append(str(error))
            continue
        say(f"wrote {file}: {_counts(labels)}", result=True)
        files.append(file)
    if files:
        spec = output / "labels.json"
        with own_file(spec):
            write_json(spec, task_labels([labels for *_, labels, _ in marked]))
        say(f"wrote {spec}: paste it into the task's constructor of labels, tab Raw", result=True)
    if broken:
        fail(*broken)
    return files


def from_labels(cfg: DictConfig) -> list[Path]:
    """Writes `<video>.csv`, a table of labels, of what labelling tools exported.

    Tables lie in folders as the videos do, below `videos`; without these, which CVAT's files alone
    do not need, as the exports do, for videos of two folders may have the same name.

    Returns:
        The tables.

    Raises:
        InputError: There is no such file, or no video.
        SystemExit: A file could not be read, is of no video that is there, or two are of one video;
            the others were.
    """
    config = read_settings(cfg, "from_labels")
    output, strict = Path(config["paths"]["output"]), config["strict"]
    exports = _exports(config["annotations"])
    folder = config["videos"]
    videos = None if folder is None else find_sources_below(Path(located(str(folder))))
    kind = None if config["class"] is None else str(config["class"])
    written: dict[Path, Path] = {}
    broken: list[str] = []

    def write(place: Path, labels: Labels, problems: Sequence[Problem], export: Path) -> None:
        table = output / place.parent / f"{place.name}.csv"
        report(problems, strict)
        if table in written:
            raise InputError(
                f"{export}: of {place}, as {written[table]} is; export the parts of a video from "
                "one task, or keep the files of two videos of one name in two folders"
            )
        table.parent.mkdir(parents=True, exist_ok=True)
        with own_file(table):
            write_labels(table, labels)
        written[table] = export
        say(f"wrote {table}: {_counts(labels)}", result=True)

    common = os.path.commonpath([path.parent for path in exports])
    marks: list[Mark] = []
    for path in exports:
        try:
            if is_cvat(path):
                name, labels, problems = read_cvat(path)
                place = path.parent.relative_to(common) / name
                write(source_named(videos, name).place if videos else place, labels, problems, path)
                continue
            if videos is None:
                raise InputError(
                    f"{path}: no file of CVAT for video, which alone says what it is of; name what "
                    "was labelled with videos=<folder of videos or of folders of frames>"
                )
            found, problems = read_export(path)
            marks += found
            report(problems, strict)
        except InputError as error:
            broken.append(str(error))
    if marks and videos:
        clips, lost = labels_of(marks, videos, kind, config["first_frame"])
        broken += lost
        for source, labels, problems in clips:
            try:
                write(source.place, labels, problems, source.path)
            except InputError as error:
                broken.append(str(error))
    if broken:
        fail(*broken)
    return list(written)


def _of_dataset(config: Mapping[str, Any]) -> Iterator[Marked]:
    """Clips of a split, with their labels or with the predictions of a file."""
    if config["source"] or config["labels"]:
        raise InputError("name either data=, or source= with labels=, not both")
    clips = open_clips(config, find_clips(config, build(config, "data"), config["split"]))
    tracks: dict[str, Track] = {}
    if config["predictions"]:
        tracks, _, problems = read_predictions(Path(config["predictions"]), lengths_of(clips))
        report(problems)
    for clip in clips:
        labels, track = clip.labels, tracks.get(clip.clip.name)
        if track is not None:
            labels = Labels(track.xy, track.visible.astype(np.int8), labels.size)
        yield clip.clip.name, clip.clip.source, labels, track


def _of_videos(config: Mapping[str, Any], broken: list[str]) -> Iterator[Marked]:
    """Videos, each with its table; what is wrong with one is added to `broken`."""
    if not (config["source"] and config["labels"]):
        raise InputError(
            "name what to show: source=<video, folder of frames or glob> labels=<csv, or a folder "
            "with one of each video's name>; or data=<layout> data.root=<folder> split=<split>"
        )
    found = find_sources(config["source"])
    if streams := [source for source in found if is_stream(source)]:
        raise InputError(f"source={streams[0]} is a stream; label a file of it")
    sources = [Path(source) for source in found]
    tables = Path(config["labels"])
    if len(sources) > 1 and not tables.is_dir():
        raise InputError(f"labels={tables}: name the folder of the tables of {len(sources)} videos")
    for name, source in zip(output_names(sources), sources, strict=True):
        try:
            table = Path(located(str(tables / f"{name}.csv"))) if tables.is_dir() else tables
            labels, track, problems = read_marks(table)
            info, frames = open_video(source)
            # Containers lie, unless the labels say the same. A track goes on to the end of CVAT's
            # task, and must be ended where the labels end, but not later than the video does.
            count = info.frames if info.frames == len(labels) else sum(1 for _ in frames)
            labels, unfit = fit_labels(Clip(str(table), name, source, labels), count, info.size)
            report([*problems, *info.problems, *unfit], config["strict"])
        except InputError as error:
            broken.append(str(error))
        else:
            yield name, source, labels, track


def _exports(named: str | Sequence[str]) -> list[Path]:
    """The exports of a name, which may be a folder or a pattern, or of several."""
    if not isinstance(named, str):
        return sorted({export for one in named for export in _exports(one)})
    path = Path(located(named))
    there = [path] if os.path.lexists(path) else map(Path, sorted(glob(named)))
    found = [export for place in there for export in find_exports(place)]
    if not found:
        raise InputError(f"annotations={named}: there is no such file or folder")
    return found


def _counts(labels: Labels) -> str:
    return "{} frames with a ball, {} without one, {} unlabelled".format(*count_labels([labels]))
