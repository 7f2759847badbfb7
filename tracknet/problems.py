"""What is wrong with data, as a value: who reads returns it, who decides shows it or raises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with data, and that no job need end for.

    Attributes:
        kind: One word for tables, such as ``out_of_frame``.
        clip: The clip's name; of a video or a table by itself, its path.
        frame: The first frame that is concerned, from 0; None where there is no single one.
        message: File, value, remedy and what becomes of it, in one line.
    """

    kind: str
    clip: str
    frame: int | None
    message: str
