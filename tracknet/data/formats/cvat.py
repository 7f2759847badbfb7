"""CVAT for video 1.1: tracks of points in an XML file -> `Labels`.

Public datasets come like this, and what people have corrected, as `to_cvat` wrote it.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree  # reads no external entity; expat bounds the internal ones

import numpy as np

from tracknet.data.formats.base import LabelError, read_content, readable
from tracknet.data.formats.tables import FRAMES
from tracknet.data.formats.zips import read_member, unpacking
from tracknet.data.to_cvat import BALL, SEEN, UNKNOWN, VISIBILITY
from tracknet.problems import Problem
from tracknet.types import ABSENT, UNLABELLED, Labels
from tracknet.video import base_name

EXPECTED = (
    'expected CVAT for video 1.1: <track><points frame="0" outside="0" occluded="0" points="x,y">'
)

LONGEST_NAME = 200
"""Bytes of a name that a file can be called after."""
HIGHEST = 127
"""Class of visibility."""
MARKS = 3_000_000
"""Tags of a file, and attributes, at most; each takes some hundred bytes."""


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
    """One ball per frame from the tracks of a file, as public datasets mean them.

    Frames in which no track shows the ball hold none, as far as the annotator's task reaches; it
    is taken to reach to the end of the video, however long, where the file does not say. The
    problem is that of balls of which only the first of several points is used, if there are any.

    Raises:
        LabelError: There is no such file, it is none of CVAT's, nothing in it is marked by points,
            or a frame shows two balls.
    """
    root = _root(xml)
    shapes = {shape.tag for shape in root.iterfind("track/*")}
    if shapes and "points" not in shapes:
        raise LabelError(
            f"{xml}: its tracks are of {', '.join(sorted(shapes))}; mark the ball's middle with a "
            f"point; {EXPECTED}"
        )
    points = [point for track in root.iterfind("track") for point in points_of(xml, track)]
    balls = [point for point in points if point.shows_ball]
    frames = task_frames(xml, root) or range(0)
    length = max([*frames[-1:], *(ball.frame for ball in balls)], default=-1) + 1
    # How long the video is, its container need not know: the frames behind are left open.
    labels = Labels.empty(length, UNLABELLED if frames else ABSENT)
    labels.visibility[frames.start : frames.stop : frames.step] = ABSENT
    return labels, _show(xml, balls, labels, "outside, or as not used_in_game")


def read_cvat(path: Path) -> tuple[str, Labels, list[Problem]]:
    """What a task that `to_cvat` wrote looks like after people have been at it.

    A point labelled `BALL` is a ball, occluded or not, of the class that its attribute `visibility`
    names, or 1. Where there is none is no ball, but for these, which are unlabelled: frames that
    show a point labelled `UNKNOWN`, that the task does not have, or that were deleted while a track
    went on.

    Args:
        path: The file that CVAT exported as "CVAT for video 1.1", an XML or the ZIP around it.

    Returns:
        The name of the video without its ending, of the task where that is not said; the labels
        of the video's frames as far as the task reaches, original pixels; and the problem of
        `read_labels`.

    Raises:
        LabelError: It is no such file, has no track of a ball, shows two balls in one frame, or
            does not say which frames of the video it is of.
    """
    root = _root(path)
    frames = task_frames(path, root)
    if frames is None:
        raise LabelError(f"{path}: does not say how many frames its task has; {EXPECTED}")
    video = root.findtext("meta/task/source") or root.findtext("meta/source") or ""
    named = Path(video).name or Path(root.findtext("meta/task/name", "")).name
    name = base_name(named) or path.stem
    if len(name.encode()) > LONGEST_NAME:
        raise LabelError(f"{path}: its video's name has {len(name)} letters; shorten it there")

    balls: list[TrackPoint] = []
    unknown = np.zeros(len(frames) + 1, int)  # +1 where a point begins to hide frames, -1 behind
    for kind, points in _tracks(path, root):
        ends = [point.frame for point in points[1:]] + [frames.stop]
        for point, end in zip(points, ends, strict=False):
            if point.outside:
                continue
            if point.frame not in frames:
                raise LabelError(
                    f"{path}: there is a point in frame {point.frame}, but the task has the frames "
                    f"{frames[0]}, {frames[0] + frames.step}, ... {frames[-1]}; export it again"
                )
            first = frames.index(point.frame)
            last = min(first + len(range(point.frame, end, frames.step)), len(frames))
            if kind == BALL:
                first = min(first + 1, last)
                balls.append(point)
            unknown[first] += 1
            unknown[last] -= 1
    labels = Labels.empty(frames[-1] + 1)
    shown = np.where(unknown.cumsum()[:-1] > 0, UNLABELLED, ABSENT)
    labels.visibility[frames.start :: frames.step] = shown
    return name, labels, _show(path, balls, labels, "outside")


def _show(path: Path, balls: Iterable[TrackPoint], labels: Labels, remedy: str) -> list[Problem]:
    """Enters balls into labels; the problem of those that have several points."""
    shown: dict[int, TrackPoint] = {}
    for ball in balls:
        # Where two jobs of a task overlap, both have the point.
        if shown.setdefault(ball.frame, ball).xy != ball.xy:
            raise LabelError(
                f"{path}: two balls are in play in frame {ball.frame}; mark one of them as {remedy}"
            )
    for frame, ball in shown.items():
        text = ball.attributes.get(VISIBILITY, "")
        kind = max(SEEN, int(text[:9])) if text.isdecimal() else SEEN
        if kind > HIGHEST:
            raise LabelError(
                f"{path}: {VISIBILITY} is {text[:9]} in frame {frame}; expected {HIGHEST} at most"
            )
        labels.visibility[frame] = kind
        labels.xy[frame] = ball.xy
    several = [frame for frame, ball in shown.items() if ball.count > 1]
    if not several:
        return []
    message = (
        f"{path}: {len(several)} balls have several points, the first in frame {several[0]}; "
        "the first point of each is used"
    )
    return [Problem("unreadable", str(path), None, message)]


def _root(path: Path) -> ElementTree.Element:
    """The root of a file of tracks, which may lie in a ZIP."""
    content = read_content(path, EXPECTED)
    if zipfile.is_zipfile(BytesIO(content)):
        content = _unpacked(path, content)
    with readable(path, EXPECTED):
        if max(map(content.count, (b"<", b"="))) > MARKS:
            raise ValueError(f"more than {MARKS:,} tags or attributes")
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=_Bounded()))
    if root.tag != "annotations" or root.find("image") is not None:
        raise LabelError(f"{path}: holds no tracks of a video; {EXPECTED}")
    return root


def is_xml(name: str) -> bool:
    """Whether a file of an archive is one of CVAT's; a Mac adds a hidden one to each."""
    return name.lower().endswith(".xml") and not PurePosixPath(name).name.startswith(".")


def _unpacked(path: Path, content: bytes) -> bytes:
    """The one XML file in a ZIP."""
    with unpacking(path), zipfile.ZipFile(BytesIO(content)) as archive:
        members = [file for file in archive.infolist() if is_xml(file.filename)]
        if len(members) != 1:
            raise LabelError(f"{path}: holds {len(members)} XML files, expected 1; {EXPECTED}")
        return read_member(path, archive, members[0])


class _Bounded(ElementTree.TreeBuilder):
    """Builds the tree of a file in which everything stands that there will be."""

    def doctype(self, *_: object) -> None:
        raise ValueError("a document type, which may define what unpacks to any length")


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


def points_of(xml: Path, track: ElementTree.Element) -> Iterator[TrackPoint]:
    """The points of a track, as the file lists them.

    Raises:
        LabelError: A frame or a position is no number.
    """
    for shape in track.iterfind("points"):
        with readable(xml, f"{shape.attrib!s:.200}; {EXPECTED}"):
            points = shape.attrib["points"]
            x, y = map(float, points.partition(";")[0].split(",", 2))
            frame = int(shape.attrib["frame"])
            if not 0 <= frame < FRAMES or not np.isfinite([x, y]).all():
                raise ValueError("a number that cannot be")
        yield TrackPoint(
            frame,
            (x, y),
            points.count(";") + 1,
            shape.get("outside") == "1",
            shape.get("occluded") == "1",
            {a.get("name", ""): (a.text or "").strip() for a in shape.iterfind("attribute")},
        )


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
        found = int(text[:20]) if text.isdecimal() else default
        if found > FRAMES:
            raise LabelError(f"{xml}: {name} is {text[:20]}; expected {FRAMES:,} frames at most")
        return found

    chosen = task.findtext("frame_filter", "").strip()
    step = re.fullmatch(r"(?:step=([1-9]\d{0,6}))?", chosen)
    if not step:
        raise LabelError(f"{xml}: frame_filter is {chosen}; expected step=<number>, or nothing")
    start, every = number("start_frame", 0), int(step[1] or 1)
    size = number("size", 0)
    stop = start + size * every if size else number("stop_frame", -1) + 1
    if stop > FRAMES:
        raise LabelError(f"{xml}: its task ends with frame {stop}; expected {FRAMES:,} at most")
    return range(start, stop, every) or None
