"""What any labelling tool says of pictures and videos."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TypeAlias

from tracknet.geometry import Size

NO_CLASS = "(no class)"


@dataclass(frozen=True, slots=True)
class Ball:
    """One thing that was marked.

    Attributes:
        kind: Its class.
        x: Of its middle, as a share of the frame's width, from edge to edge.
        y: The same of its height.
    """

    kind: str
    x: float
    y: float

    def __post_init__(self) -> None:
        if not (isfinite(self.x) and isfinite(self.y)):
            raise ValueError(f"a position is x={self.x}, y={self.y}")


@dataclass(frozen=True)
class Picture:
    """A picture that somebody has looked at, which is one frame of a clip.

    Attributes:
        name: Its path or URL, as the export has it; the ending may be missing.
        balls: What is marked in it.
        size: (H, W) of the picture that was labelled; None where it is not said.
    """

    name: str
    balls: Sequence[Ball]
    size: Size | None = None


@dataclass(frozen=True)
class Film:
    """A video of which somebody has looked at every frame.

    Attributes:
        name: Its path or URL, as the export has it.
        balls: (frame from 0, what is marked in it).
        frames: How many frames the tool says that it has; None where it does not.
        duration: Its seconds, by the tool.
        size: As of `Picture`.
    """

    name: str
    balls: Sequence[tuple[int, Ball]] = field(default_factory=list)
    frames: int | None = None
    duration: float | None = None
    size: Size | None = None


Mark: TypeAlias = Picture | Film


def of_box(kind: str, box: Sequence[float], size: Sequence[float]) -> Ball:
    """The middle of a box (left, top, width, height), in the units of a frame's size (H, W)."""
    left, top, width, height = map(float, box)
    return Ball(kind, (left + width / 2) / size[1], (top + height / 2) / size[0])


def positive(size: tuple[object, object]) -> Size | None:
    """A size (H, W) as it stands in a file; None where it is not said.

    Raises:
        ValueError: It cannot be one.
    """
    if None in size:
        return None
    height, width = (int(float(str(side))) for side in size)
    if not (0 < height < 1 << 20 and 0 < width < 1 << 20):
        raise ValueError(f"a picture of {width}x{height}")
    return height, width
