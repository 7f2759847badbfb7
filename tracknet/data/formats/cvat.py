"""CVAT for video 1.1: tracks of points in an XML file -> `Labels`."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # reads no external entity; expat bounds the internal ones

import numpy as np

from tracknet.data.formats.base import DataWarning, LabelError
from tracknet.types import ABSENT, Labels
from tracknet.video import image_files, probe

EXPECTED = (
    'expected CVAT for video 1.1: <track><points frame="0" outside="0" occluded="0" points="x,y">'
)


@dataclass(frozen=True)
class TrackPoint:
    """What one track says of one frame.

    Attributes:
        frame: Counts the task's frames from 0.
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


def read_labels(xml: Path, source: Path) -> Labels:
    """One ball per frame from the tracks of a file, in any number of tracks.

    Frames in which no track shows the ball hold none, as far as the annotator's task reaches; it
    is taken to reach to the end of the source where the file does not say.

    Args:
        xml: The annotations.
        source: The video or the folder of frames that they belong to.

    Raises:
        LabelError: There is no such file, it is none of CVAT's, or a frame shows two balls.
        VideoError: The file does not say how long its task is, and the source cannot be read.
    """
    root = _parse(xml)
    balls: dict[int, TrackPoint] = {}
    for point in _track_points(xml, root):
        if not point.shows_ball:
            continue
        if point.frame in balls:
            raise LabelError(
                f"{xml}: two balls are in play in frame {point.frame}; mark one of them as "
                "outside, or as not used_in_game"
            )
        balls[point.frame] = point
    _report_several(xml, list(balls.values()))
    length = max(_task_size(root) or _length(source), max(balls, default=-1) + 1)
    labels = Labels(np.full((length, 2), np.nan, np.float32), np.full(length, ABSENT, np.int8))
    for frame, point in balls.items():
        labels.visibility[frame], labels.xy[frame] = 1, point.xy
    return labels


def _parse(xml: Path) -> ElementTree.Element:
    try:
        root = ElementTree.parse(xml).getroot()
    except FileNotFoundError as error:
        raise LabelError(f"{xml}: there is no such label file; {EXPECTED}") from error
    except (OSError, ElementTree.ParseError) as error:
        raise LabelError(f"{xml}: {error}; {EXPECTED}") from error
    if root.tag != "annotations" or root.find("image") is not None:
        raise LabelError(f"{xml}: holds no tracks of a video; {EXPECTED}")
    return root


def _track_points(xml: Path, root: ElementTree.Element) -> Iterator[TrackPoint]:
    for shape in root.iterfind("track/points"):
        try:
            points = shape.attrib["points"].split(";")
            x, y = (float(number) for number in points[0].split(","))
            frame = int(shape.attrib["frame"])
            if frame < 0 or not np.isfinite([x, y]).all():
                raise ValueError("a number that cannot be")
        except (KeyError, ValueError) as error:
            raise LabelError(f"{xml}: points {shape.attrib}: {error}; {EXPECTED}") from error
        yield TrackPoint(
            frame,
            (x, y),
            len(points),
            shape.get("outside") == "1",
            shape.get("occluded") == "1",
            {a.get("name", ""): (a.text or "").strip() for a in shape.iterfind("attribute")},
        )


def _report_several(xml: Path, balls: list[TrackPoint]) -> None:
    several = [ball.frame for ball in balls if ball.count > 1]
    if several:
        warnings.warn(
            f"{xml}: {len(several)} balls have several points, the first in frame {several[0]}; "
            "the first point of each is used",
            DataWarning,
            stacklevel=3,
        )


def _task_size(root: ElementTree.Element) -> int:
    """How many frames the annotator was given; 0 if the file does not say."""
    size = root.findtext("meta/*/size", "").strip()
    return int(size) if size.isdigit() else 0


def _length(source: Path) -> int:
    return len(image_files(source)) if source.is_dir() else probe(source).frames
