"""Labels and predictions to CVAT, where people correct them: CVAT for video 1.1.

In CVAT a track's point stays as it is until the track's next keyframe. So every frame with a ball
is a keyframe, and so is the first one after it without, there `outside`: nothing is left for CVAT
to fill in. Frames that nobody has looked at are no such thing there; they show a point of another
label, in the picture's middle, for CVAT drops what is outside at the beginning of a job.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from tracknet.data.formats.tables import read_table, to_labels
from tracknet.data.predictions import LABEL_COLUMNS, VIDEO_COLUMNS, whole_file
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels, Track

BALL, UNKNOWN = "ball", "unlabelled"
VISIBILITY, SCORE = "visibility", "score"
SEEN = 1
CLASSES = (SEEN, 2, 3)


def task_labels(labels: Sequence[Labels]) -> list[dict[str, Any]]:
    """The labels that a task needs, as CVAT's raw editor takes them.

    Args:
        labels: What the task is to show; their classes of visibility can be chosen in it.
    """
    own = {int(kind) for clip in labels for kind in np.unique(clip.visibility) if kind > ABSENT}
    attributes = [
        _attribute(VISIBILITY, "select", SEEN, sorted(own.union(CLASSES))),
        _attribute(SCORE, "number", 100, [0, 100, 1]),  # CVAT's numbers are whole: per cent
    ]
    return [
        {"name": BALL, "type": "points", "attributes": attributes},
        {"name": UNKNOWN, "type": "points", "attributes": []},
    ]


def _attribute(name: str, kind: str, default: int, values: Sequence[int]) -> dict[str, Any]:
    return {
        "name": name,
        "mutable": True,
        "input_type": kind,
        "default_value": str(default),
        "values": [str(value) for value in values],
    }


def write_cvat(path: Path, video: str, labels: Labels, track: Track | None = None) -> None:
    """Writes one video's labels as tracks of points; the file appears whole or not at all.

    Args:
        path: The XML file; an older one is replaced.
        video: The name of the video's file, by which `read_cvat` knows what it is of.
        labels: What is shown, original pixels, with the size of the frame; positions are written
            with 2 decimals.
        track: The prediction that the labels are, if they are one: scores are written, too, and
            interpolated balls are `occluded`, which CVAT draws dashed.
    """
    root = ElementTree.Element("annotations")
    _add(root, "version", "1.1")
    _add_task(ElementTree.SubElement(root, "meta"), video, labels)
    middle = np.broadcast_to(np.array(labels.size[::-1]) / 2, labels.xy.shape)
    ball, unknown = labels.visibility > ABSENT, labels.visibility == UNLABELLED
    number = itertools.count()
    for name, present, xy in ((BALL, ball, labels.xy), (UNKNOWN, unknown, middle)):
        if not present.any():
            continue
        source = "manual" if track is None else "auto"
        points = {"id": str(next(number)), "label": name, "source": source}
        points = ElementTree.SubElement(root, "track", points)
        for frame in np.flatnonzero(present | np.diff(present, prepend=False)).tolist():
            if not present[frame]:
                _add_point(points, frame, xy[frame - 1], outside=True)
            elif name == UNKNOWN:
                _add_point(points, frame, xy[frame])
            else:
                interpolated = track is not None and track.source[frame] == "interpolated"
                point = _add_point(points, frame, xy[frame], occluded=interpolated)
                _add(point, "attribute", str(labels.visibility[frame]), name=VISIBILITY)
                if track is not None:
                    _add(point, "attribute", f"{100 * track.score[frame]:.0f}", name=SCORE)
    ElementTree.indent(root)
    with whole_file(path) as unfinished:
        ElementTree.ElementTree(root).write(unfinished, "utf-8", xml_declaration=True)


def _add_task(meta: ElementTree.Element, video: str, labels: Labels) -> None:
    task = ElementTree.SubElement(meta, "task")
    facts = {
        "name": video,
        "size": len(labels),
        "mode": "interpolation",
        "overlap": 0,
        "bugtracker": "",
        "start_frame": 0,
        "stop_frame": len(labels) - 1,
        "frame_filter": "",
    }
    for name, value in facts.items():
        _add(task, name, str(value))
    own = ElementTree.SubElement(task, "labels")
    for spec in task_labels([labels]):
        label = ElementTree.SubElement(own, "label")
        _add(label, "name", spec["name"])
        _add(label, "type", spec["type"])
        attributes = ElementTree.SubElement(label, "attributes")
        for values in spec["attributes"]:
            attribute = ElementTree.SubElement(attributes, "attribute")
            for name, value in values.items():
                _add(attribute, name, "\n".join(value) if isinstance(value, list) else str(value))
    size = ElementTree.SubElement(task, "original_size")
    _add(size, "width", str(labels.size[1]))
    _add(size, "height", str(labels.size[0]))
    _add(task, "source", video)


def _add_point(
    track: ElementTree.Element,
    frame: int,
    xy: np.ndarray,
    outside: bool = False,
    occluded: bool = False,
) -> ElementTree.Element:
    return ElementTree.SubElement(
        track,
        "points",
        frame=str(frame),
        keyframe="1",
        outside=str(int(outside)),
        occluded=str(int(occluded)),
        points=f"{xy[0]:.2f},{xy[1]:.2f}",
        z_order="0",
    )


def _add(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = text


def read_marks(csv: Path) -> tuple[Labels, Track | None, list[Problem]]:
    """A video's table: labels, and where it also has a score and a source, the prediction.

    The problems are those of `to_labels`.

    Raises:
        LabelError: It is no table of labels.
    """
    columns = [column.lower() for column in VIDEO_COLUMNS]
    known = len(LABEL_COLUMNS)
    table = read_table(csv, columns[:known], optional=columns[known:])
    labels, problems = to_labels(csv, table)
    if len(table.columns) < len(columns):
        return labels, None, problems
    frame = table["frame"].astype(float).astype(int)
    score, source = np.zeros(len(labels)), np.full(len(labels), "", object)
    score[frame] = pd.to_numeric(table["score"], errors="coerce").fillna(0)
    source[frame] = table["source"].fillna("")
    return labels, Track(labels.xy, score, source), problems
