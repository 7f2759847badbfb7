"""CVAT for video 1.1: tracks of points in an XML file -> `Labels`, as public datasets mean them.

What people have corrected in it is read by `data/from_cvat.py`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree  # reads no external entity; expat bounds the internal ones

import numpy as np

from tracknet.data.formats.base import LabelError, readable
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels

EXPECTED = (
    'expected CVAT for video 1.1: <track><points frame="0" outside="0" occluded="0" points="x,y">'
)


@dataclass(frozen=True)
class TrackPoint:
    """What one track says of one frame.

    Attributes:
        frame: Which frame of the video, from 0, also where the task has only some of them.
        xy: Pixels of the original frame; the first of several points.
        count: How many points the shape has.
        outside: The track has left the picture, or ended.
        occluded: It is hidden.
        attributes: What else the annotator said, by name.
    """

    frame: int
    xy: tuple[float, float]
    count: int
    outside: bool
    occluded: bool
    attributes: dict[str, str]

    @property
    def shows_ball(self) -> bool:
        """Whether the ball that is played with is seen there."""
        in_game = self.attributes.get("used_in_game", "1").lower() not in ("0", "false")
        return in_game and not self.outside and not self.occluded


def read_labels(xml: Path) -> tuple[Labels, list[Problem]]:
    """One ball per frame from the tracks of a file, in any number of tracks.

    Frames in which no track shows the ball hold none, as far as the annotator's task reaches; it
    is taken to reach to the end of the video, however long, where the file does not say. The
    problems are those of `several_points`.

    Raises:
        LabelError: There is no such file, it is none of CVAT's, nothing in it is marked by points,
            or a frame shows two balls.
    """
    root = parse(xml)
    shapes = {shape.tag for shape in root.iterfind("track/*")}
    if shapes and "points" not in shapes:
        raise LabelError(
            f"{xml}: its tracks are of {', '.join(sorted(shapes))}; mark the ball's middle with a "
            f"point; {EXPECTED}"
        )
    balls: dict[int, TrackPoint] = {}
    for point in (point for track in root.iterfind("track") for point in points_of(xml, track)):
        if not point.shows_ball:
            continue
        if point.frame in balls:
            raise LabelError(
                f"{xml}: two balls are in play in frame {point.frame}; mark one of them as "
                "outside, or as not used_in_game"
            )
        balls[point.frame] = point
    frames = task_frames(xml, root) or range(0)
    length = max([*frames[-1:], *balls], default=-1) + 1
    # How long the video is, its container need not know: the frames behind are left open.
    rest = UNLABELLED if frames else ABSENT
    labels = Labels(np.empty((0, 2), np.float32), np.empty(0, np.int8), rest=rest).resized(length)
    labels.visibility[frames] = ABSENT
    for frame, point in balls.items():
        labels.visibility[frame], labels.xy[frame] = 1, point.xy
    return labels, several_points(xml, balls.values())


def parse(xml: Path, file: IO[bytes] | None = None) -> ElementTree.Element:
    """The root of a file of tracks, whose content is `file` where it lies in an archive.

    Raises:
        LabelError: It is none.
    """
    with readable(xml, EXPECTED):
        root = ElementTree.parse(file or xml).getroot()
    if root.tag != "annotations" or root.find("image") is not None:
        raise LabelError(f"{xml}: holds no tracks of a video; {EXPECTED}")
    return root


def points_of(xml: Path, track: ElementTree.Element) -> Iterator[TrackPoint]:
    """The points of a track, as the file lists them.

    Raises:
        LabelError: A frame or a position is no number.
    """
    for shape in track.iterfind("points"):
        with readable(xml, f"{shape.attrib}; {EXPECTED}"):
            points = shape.attrib["points"].split(";")
            x, y = (float(number) for number in points[0].split(","))
            frame = int(shape.attrib["frame"])
            if frame < 0 or not np.isfinite([x, y]).all():
                raise ValueError("a number that cannot be")
        yield TrackPoint(
            frame,
            (x, y),
            len(points),
            shape.get("outside") == "1",
            shape.get("occluded") == "1",
            {a.get("name", ""): (a.text or "").strip() for a in shape.iterfind("attribute")},
        )


def several_points(xml: Path, balls: Iterable[TrackPoint]) -> list[Problem]:
    """The problem of balls of which only the first point is used, if there are any."""
    several = [ball.frame for ball in balls if ball.count > 1]
    if not several:
        return []
    message = (
        f"{xml}: {len(several)} balls have several points, the first in frame {several[0]}; "
        "the first point of each is used"
    )
    return [Problem("unreadable", str(xml), None, message)]


def task_frames(xml: Path, root: ElementTree.Element) -> range | None:
    """Which frames of the video the annotator was given; None if the file does not say.

    CVAT counts frames in the video, not in the task: of a task that begins with frame 10 and takes
    every 3rd, the second frame is 13.

    Raises:
        LabelError: The frames cannot be known.
    """
    if root.find("meta/project") is not None:
        raise LabelError(
            f"{xml}: exported from a project, which counts the frames of its tasks on and on; "
            "export each task by itself"
        )
    task = next((part for part in root.iterfind("meta/*") if part.tag in ("task", "job")), None)
    if task is None:
        return None

    def number(name: str, default: int) -> int:
        text = task.findtext(name, "").strip()
        return int(text) if text.isdigit() else default

    chosen = task.findtext("frame_filter", "").strip()
    step = re.fullmatch(r"(?:step=([1-9]\d*))?", chosen)
    if not step:
        raise LabelError(f"{xml}: frame_filter is {chosen}; expected step=<number>, or nothing")
    start, every = number("start_frame", 0), int(step[1] or 1)
    size = number("size", 0)
    stop = start + size * every if size else number("stop_frame", -1) + 1
    return range(start, stop, every) or None
