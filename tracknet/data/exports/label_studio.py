"""Label Studio's JSON and JSON-MIN, of pictures and of videos; positions are in per cent."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

from tracknet.data.exports.marks import NO_CLASS, Ball, Film, Mark, Picture, of_box, positive
from tracknet.data.formats.tables import FRAMES
from tracknet.geometry import Size
from tracknet.video import IMAGE_SUFFIXES, VIDEO_SUFFIXES

EXPECTED = (
    'expected Label Studio\'s JSON: [{"data": {"image": "...jpg"}, "annotations": [{"result": '
    '[{"type": "rectanglelabels", "value": {"x": ..., ...}}]}]}], or of "video" with '
    '"videorectangle"'
)
NO_PLACE = {"choices", "textarea", "rating", "number", "relation", "taxonomy", "datetime"}
"""What is said of a task as a whole."""
MOST = 1_000_000
"""Marks of one video, hours of it; each takes some hundred bytes."""
HUNDRED = (100.0, 100.0)


def is_label_studio(content: Any) -> bool:
    """Whether JSON is of this kind."""
    return isinstance(content, list) and all(isinstance(task, dict) for task in content)


def read(tasks: Sequence[Mapping[str, Any]]) -> tuple[list[Mark], int]:
    """What was marked, and of how many tasks the last one of several annotations counts.

    Tasks that nobody annotated, or that were skipped, are left out.

    Raises:
        Exception: One of `MALFORMED`, where the file is.
    """
    marks, several = [], 0
    for task in tasks:
        done = task.get("annotations", task.get("completions"))
        if done is None:  # JSON-MIN is of the annotated ones alone
            lists = [value for value in task.values() if isinstance(value, list)]
            regions = [own for value in lists for own in value if isinstance(own, dict)]
        else:
            done = [own for own in done if not own.get("was_cancelled")]
            if not done:
                continue
            several += len(done) > 1
            regions = next((own for own in done if own.get("ground_truth")), done[-1])["result"]
        source, is_video = _source(task.get("data", task))
        marks.append(_film(source, regions) if is_video else _picture(source, regions))
    return marks, several


def _source(data: Mapping[str, Any]) -> tuple[str, bool]:
    """The picture or video of a task, and whether it is a video."""
    texts = [(key, value) for key, value in data.items() if isinstance(value, str)]
    for suffixes, names, is_video in (
        (VIDEO_SUFFIXES, ("video", "video_url"), True),
        (IMAGE_SUFFIXES, ("image", "img", "image_url"), False),
    ):
        for key, value in texts:
            path = value.lower().partition("?X-Amz".lower())[0]
            if path.endswith(tuple(suffixes)) or (key.lower() in names and "/" in value):
                return value, is_video
    raise ValueError(f"a task names no picture and no video, only {', '.join(map(str, data))}")


def _picture(name: str, regions: Sequence[Mapping[str, Any]]) -> Picture:
    balls, size = [], None
    for region in regions:
        size = size or _size(region)
        value = region.get("value", region)
        if _has_place(region, value):
            balls.append(_ball(_kind(value), value, _size(region)))
    return Picture(name, balls, size)


def _film(name: str, regions: Sequence[Mapping[str, Any]]) -> Film:
    balls: list[tuple[int, Ball]] = []
    frames, duration, size = None, None, None
    for region in regions:
        value = region.get("value", region)
        if "sequence" not in value:
            if _has_place(region, value):
                raise ValueError("a mark of a video has no sequence of frames")
            continue
        size = size or _size(region)
        if value.get("framesCount"):
            frames = int(value["framesCount"])
            if not 0 < frames <= FRAMES:
                raise ValueError(f"framesCount is {frames}")
        if value.get("duration"):
            duration = float(value["duration"])
        balls += islice(_sequence(value, frames, _size(region)), MOST + 1)
        if len(balls) > MOST:
            raise ValueError(f"more than {MOST:,} marks in one video")
    return Film(name, balls, frames, duration, size)


def _sequence(
    value: Mapping[str, Any], frames: int | None, size: Size | None
) -> Iterator[tuple[int, Ball]]:
    """What a track shows in each frame: between keyframes it moves in a line.

    A keyframe that is not enabled is the last one that is shown. The last one of all stays to the
    end of the video, if it is enabled.
    """
    kind = _kind(value)
    keys = sorted(value["sequence"], key=lambda key: int(key["frame"]))
    at = [int(key["frame"]) - 1 for key in keys]  # counted from 1
    places = [_ball(kind, key, size) for key in keys]
    if at and not 0 <= at[0] <= at[-1] < FRAMES:
        raise ValueError(f"a keyframe is {at[0] + 1} or {at[-1] + 1}")
    if len({*at}) < len(at):
        raise ValueError("a track has two keyframes in one frame")
    shown = [key.get("enabled", True) is not False for key in keys]
    for (start, end), (one, other), on in zip(
        pairwise(at), pairwise(places), shown[:-1], strict=True
    ):
        for frame in range(start, end if on else start + 1):
            part = (frame - start) / (end - start)
            x, y = one.x + part * (other.x - one.x), one.y + part * (other.y - one.y)
            yield frame, Ball(kind, x, y)
    if at:
        end = max(frames or 0, at[-1] + 1) if shown[-1] else at[-1] + 1
        for frame in range(at[-1], end):
            yield frame, places[-1]


def _has_place(region: Mapping[str, Any], value: Any) -> bool:
    if region.get("type") in NO_PLACE or not isinstance(value, Mapping):
        return False
    if "x" in value or "sequence" in value:
        return True
    if "points" in value or "rle" in value or "format" in value:
        raise ValueError(f"a ball is a {region.get('type', 'shape')}; mark a box or a point")
    return False


def _ball(kind: str, value: Mapping[str, Any], size: Size | None) -> Ball:
    """The middle of a box that may be turned round its corner, of an ellipse, or a point."""
    x, y = float(value["x"]), float(value["y"])
    if "height" not in value:
        return of_box(kind, (x, y, 0, 0), HUNDRED)
    width, height = float(value["width"]), float(value["height"])
    turn = math.radians(float(value.get("rotation") or 0))
    aspect = size[0] / size[1] if size else 1
    right = width * math.cos(turn) - height * math.sin(turn) * aspect
    down = width * math.sin(turn) / aspect + height * math.cos(turn)
    return of_box(kind, (x, y, right, down), HUNDRED)


def _kind(value: Mapping[str, Any]) -> str:
    for key, names in value.items():
        if key.endswith("labels") and isinstance(names, list) and names:
            return str(names[0])
    return NO_CLASS


def _size(region: Mapping[str, Any]) -> Size | None:
    return positive((region.get("original_height"), region.get("original_width")))
