"""Labels and predictions to CVAT, where people correct them: CVAT for video 1.1.

In CVAT a track's point stays as it is until the track's next keyframe. So every frame with a ball
is a keyframe, and so is the first one after it without, there `outside`: nothing is left for CVAT
to fill in. Frames that nobody has looked at are no such thing there; they show a point of another
label, in the picture's middle, for CVAT drops what is outside at the beginning of a job.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from tracknet.data.formats.tables import read_table, to_labels
from tracknet.files import whole_file
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
    # CVAT's numbers are whole: scores are per cent.
    offered = {
        VISIBILITY: ("select", SEEN, sorted(own.union(CLASSES))),
        SCORE: ("number", 100, [0, 100, 1]),
    }
    attributes = [
        {
            "name": name,
            "mutable": True,
            "input_type": kind,
            "default_value": str(default),
            "values": [str(value) for value in values],
        }
        for name, (kind, default, values) in offered.items()
    ]
    return [
        {"name": BALL, "type": "points", "attributes": attributes},
        {"name": UNKNOWN, "type": "points", "attributes": []},
    ]


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
    assert labels.size is not None, "the video was opened, and its labels fitted to it"
    root, (height, width) = ElementTree.Element("annotations"), labels.size
    _fill(root, {"version": "1.1", "meta": {"task": _task(video, labels, height, width)}})
    middle = np.broadcast_to([width / 2, height / 2], labels.xy.shape)
    ball, unknown = labels.visibility > ABSENT, labels.visibility == UNLABELLED
    number = itertools.count()
    for name, present, xy in ((BALL, ball, labels.xy), (UNKNOWN, unknown, middle)):
        if not present.any():
            continue
        source = "manual" if track is None else "auto"
        facts = {"id": str(next(number)), "label": name, "source": source}
        points = ElementTree.SubElement(root, "track", facts)
        for frame in np.flatnonzero(present | np.diff(present, prepend=False)).tolist():
            shown = present[frame]
            x, y = xy[frame if shown else frame - 1]
            said: dict[str, object] = {}
            interpolated = False
            if shown and name == BALL:
                said[VISIBILITY] = labels.visibility[frame]
                if track is not None:
                    said[SCORE] = f"{100 * track.score[frame]:.0f}"
                    interpolated = track.source[frame] == "interpolated"
            point = ElementTree.SubElement(
                points,
                "points",
                frame=str(frame),
                keyframe="1",
                outside=str(int(not shown)),
                occluded=str(int(interpolated)),
                points=f"{x:.2f},{y:.2f}",
                z_order="0",
            )
            for attribute, value in said.items():
                ElementTree.SubElement(point, "attribute", name=attribute).text = str(value)
    ElementTree.indent(root)
    with whole_file(path) as unfinished:
        ElementTree.ElementTree(root).write(unfinished, "utf-8", xml_declaration=True)


def _task(video: str, labels: Labels, height: int, width: int) -> dict[str, Any]:
    specs = task_labels([labels])
    for spec in specs:
        values = [{**own, "values": "\n".join(own["values"])} for own in spec["attributes"]]
        spec["attributes"] = {"attribute": values}
    return {
        "name": video,
        "size": len(labels),
        "mode": "interpolation",
        "overlap": 0,
        "bugtracker": "",
        "start_frame": 0,
        "stop_frame": len(labels) - 1,
        "frame_filter": "",
        "labels": {"label": specs},
        "original_size": {"width": width, "height": height},
        "source": video,
    }


def _fill(element: ElementTree.Element, content: Mapping[str, Any]) -> None:
    """Nests elements as the mappings are nested; of a list, one element for each item."""
    for tag, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            inner = ElementTree.SubElement(element, tag)
            if isinstance(item, Mapping):
                _fill(inner, item)
            else:
                inner.text = str(item)


def read_marks(csv: Path) -> tuple[Labels, Track | None, list[Problem]]:
    """A video's table: labels, and where it also has a score and a source, the prediction.

    The problems are those of `to_labels`.

    Raises:
        LabelError: It is no table of labels.
    """
    table = read_table(csv, optional=("score", "source"))
    labels, problems = to_labels(csv, table)
    if not {"score", "source"} <= {*table.columns}:
        return labels, None, problems
    frame = table["frame"].astype(float).astype(int)
    score, source = np.zeros(len(labels)), np.full(len(labels), "", object)
    score[frame] = pd.to_numeric(table["score"], errors="coerce").fillna(0)
    source[frame] = table["source"].fillna("")
    return labels, Track(labels.xy, score, source), problems
