"""The frames of an open video, and what is wrong with it."""

from collections import deque
from collections.abc import Generator, Iterator

import av.container
import numpy as np
from av.sidedata.sidedata import Type

from tracknet.problems import Problem
from tracknet.video.container import main_video, packets
from tracknet.video.frame import Frame, to_rgb
from tracknet.video.source import DamageError

MISSING = 0.5
"""Seconds that a video may be shorter than its header says; headers are rounded."""


def decode(
    container: "av.container.InputContainer", skip_damage: bool = True
) -> Generator[Frame, None, list[Problem]]:
    """What can be decoded of the `main_video`, upright; see `read_raw`.

    The container is closed with the generator: left to the search for garbage, which finds it in a
    cycle, it would keep its decoder, and be taken apart in any thread.

    The stream must not use frame threads: at damage they lose the frames that wait beside it,
    without an error. A long video keeps all cores busy without them.

    Returns:
        At the end, what was wrong.

    Raises:
        DamageError: As in `read_raw`.
        av.FFmpegError: There is no reading on; the frames before that have come.
    """
    with container:
        video = main_video(container)
        count = broken = spoilt = 0
        end = 0.0
        # AVI has times in the order of decoding, which are those of the frames in their own order.
        sorts, times = container.format.name == "avi", deque[int | None]()
        try:
            for packet in packets(container):
                if packet.pts is not None:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                # A number is not enough: a damaged stream may be another from here on. The packet
                # that ends a stream has no number of its own.
                if packet.stream.index != video.index or packet.stream.type != "video":
                    continue
                spoilt += packet.is_corrupt
                if sorts and packet.size:
                    times.append(packet.dts)
                try:
                    frames = [f for f in packet.decode() if isinstance(f, av.VideoFrame)]
                except av.FFmpegError as error:
                    if not skip_damage:
                        said = f"{container.name}: damaged; copy or convert it again"
                        raise DamageError(said) from error
                    broken += 1
                    if times:
                        times.pop()
                    continue
                for frame in frames[: len(times)]:
                    frame.pts = times.popleft()
                count += len(frames)
                spoilt += sum(frame.is_corrupt and not packet.is_corrupt for frame in frames)
                yield from map(_upright, frames)
        except av.FFmpegError:
            yield from map(_upright, video.decode(None))  # those that wait for later ones
            raise
        return [*_wrong(container, count, broken, spoilt, end)]


def _wrong(
    container: "av.container.InputContainer", count: int, broken: int, spoilt: int, end: float
) -> Iterator[Problem]:
    """What is wrong, once: of the kind ``damaged`` unless frames are hidden on purpose.

    Of a video that gave `count` frames there were `broken` packets that could not be decoded, and
    `spoilt` ones that are incomplete; the last packet of any stream ends at `end` seconds.
    """
    kind, video, length = "damaged", main_video(container), 0
    if container.duration is not None:
        length = ((container.start_time or 0) + container.duration) / av.time_base
    if broken:
        text = (
            f"{broken} damaged packets were skipped; frames after the first of them are counted as "
            "if these had not been there. Copy or convert the video again"
        )
    elif spoilt:
        text = f"{spoilt} frames or more are damaged in part. Copy or convert the video again"
    elif count < video.frames:
        text = f"has {count} of the {video.frames} frames that its header promises; is it complete?"
        # Those that an edit hides are in its index, where it has one, but not shown.
        shown = sum(entry.size > 0 and not entry.is_discard for entry in video.index_entries)
        kind = "damaged" if count < shown else "short_video"
    elif not video.frames and end + MISSING < length:
        text = f"has {end:.1f} s of the {length:.1f} s that its header promises; is it complete?"
    else:
        return
    yield Problem(kind, container.name, None, f"{container.name}: {text}")


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame as its container asks to show it, turned or mirrored, at the same time."""
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # pyright: ignore[reportCallIssue, reportArgumentType], it is a mapping of types
    if matrix is None:
        return frame
    # A point (x, y) is shown at (ax + cy, bx + dy), beside a shift.
    (a, b), (c, d) = np.frombuffer(matrix, np.int32).reshape(3, 3)[:2, :2].astype(int)  # pyright: ignore[reportCallIssue, reportArgumentType], side data is a buffer
    sideways = abs(b) + abs(c) > abs(a) + abs(d)
    x, y = (c, b) if sideways else (a, d)
    if not sideways and x >= 0 and y >= 0:
        return frame
    picture = to_rgb(frame)
    if sideways:
        picture = picture.transpose(1, 0, 2)
    picture = picture[:: -1 if y < 0 else 1, :: -1 if x < 0 else 1]
    turned = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    turned.pts, turned.time_base = frame.pts, frame.time_base
    return turned
