"""Labels that people have corrected in CVAT: CVAT for video 1.1, as `to_cvat` writes it."""

import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.cvat import (
    EXPECTED,
    TrackPoint,
    parse,
    points_of,
    several_points,
    task_frames,
)
from tracknet.data.predictions import LABEL_COLUMNS, place, write_table
from tracknet.data.to_cvat import BALL, SEEN, UNKNOWN, VISIBILITY
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels
from tracknet.video import base_name


def read_cvat(path: Path) -> tuple[str, Labels, list[Problem]]:
    """What a task looks like after people have been at it.

    A point labelled `BALL` is a ball, occluded or not, of the class that its attribute `visibility`
    names, or 1. Where there is none is no ball, but for these, which are unlabelled: frames that
    show a point labelled `UNKNOWN`, that the task does not have, or that were deleted while a track
    went on.

    Args:
        path: The file that CVAT exported as "CVAT for video 1.1", an XML or the ZIP around it.

    Returns:
        The name of the video without its ending, of the task where that is not said; the labels
        of the video's frames as far as the task reaches, original pixels; and the problems of
        `several_points`.

    Raises:
        LabelError: It is no such file, has no track of a ball, shows two balls in one frame, or
            does not say which frames of the video it is of.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            files = [name for name in archive.namelist() if name.endswith(".xml")]
            if len(files) != 1:
                raise LabelError(f"{path}: holds {len(files)} XML files, expected 1; {EXPECTED}")
            with archive.open(files[0]) as file:
                root = parse(path, file)
    else:
        root = parse(path)
    frames = task_frames(path, root)
    if frames is None:
        raise LabelError(f"{path}: does not say how many frames its task has; {EXPECTED}")
    video = root.findtext("meta/task/source") or root.findtext("meta/source") or ""
    named = Path(video).name or Path(root.findtext("meta/task/name", "")).name
    name = base_name(named) or path.stem

    labels = Labels(np.empty((0, 2), np.float32), np.empty(0, np.int8)).resized(frames[-1] + 1)
    labels.visibility[frames] = ABSENT
    balls: dict[int, TrackPoint] = {}
    for kind, points in _tracks(path, root):
        for point, after in pairwise([*points, None]):
            if point.outside:
                continue
            if point.frame not in frames:
                raise LabelError(
                    f"{path}: there is a point in frame {point.frame}, but the task has the frames "
                    f"{frames[0]}, {frames[0] + frames.step}, ... {frames[-1]}; export it again"
                )
            until = frames[-1] + 1 if after is None else after.frame
            unknown = range(point.frame, until, frames.step)
            if kind == BALL:
                unknown = unknown[1:]
                # Where two jobs of a task overlap, both have the point.
                if balls.setdefault(point.frame, point).xy != point.xy:
                    raise LabelError(
                        f"{path}: two balls are in frame {point.frame}; set one of them outside"
                    )
            labels.visibility[unknown] = UNLABELLED
    for frame, point in balls.items():
        text = point.attributes.get(VISIBILITY, "")
        labels.visibility[frame] = max(SEEN, int(text) if text.isdigit() else SEEN)
        labels.xy[frame] = point.xy
    return name, labels, several_points(path, balls.values())


def _tracks(path: Path, root: ElementTree.Element) -> Iterator[tuple[str, list[TrackPoint]]]:
    """The label of every track of ours, and its points in the order of their frames."""
    tracks = root.findall("track")
    ours = [track for track in tracks if track.get("label") in (BALL, UNKNOWN)]
    if tracks and not ours:
        named = ", ".join(sorted({track.get("label", "") for track in tracks}))
        raise LabelError(f"{path}: no track is labelled {BALL}, only {named}; rename the label")
    for track in ours:
        for shape in track:
            if shape.tag != "points":
                raise LabelError(f"{path}: a {BALL} is a {shape.tag}; mark its middle with a point")
        points = sorted(points_of(path, track), key=lambda point: point.frame)
        yield track.attrib["label"], points


def write_labels(path: Path, labels: Labels) -> None:
    """Writes ``Frame,Visibility,X,Y``, original pixels with 2 decimals, as `generic` reads it.

    Frames that are unlabelled have no row; the file appears whole or not at all.
    """
    rows = (
        (frame, visibility, *(place(*xy) if visibility > ABSENT else ("", "")))
        for frame, (visibility, xy) in enumerate(zip(labels.visibility, labels.xy, strict=True))
        if visibility != UNLABELLED
    )
    write_table(path, LABEL_COLUMNS, rows)
