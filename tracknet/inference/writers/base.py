"""What a writer of results owes, and several of them as one."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol, TypeAlias

from tracknet.errors import InputWarning
from tracknet.inference.predictor import Prediction
from tracknet.video import Frame, VideoInfo


class Writer(AbstractContextManager, Protocol):
    """Writes what becomes known of one video, with which its context ends.

    Files that may not be replaced are refused when it is made, entering it begins new ones. Leaving
    it makes the files whole; after an exception none may look as if it was.

    Attributes:
        needs_frames: Whether `write` is to be given the frames, which wait in memory or are read
            twice.
        files: What it has written once its context has ended.
    """

    needs_frames: bool
    files: list[Path]

    def write(self, prediction: Prediction, frame: Frame | None) -> None:
        """Takes the next frame's prediction, and the frame itself if it `needs_frames`.

        What went wrong may be raised with a later frame.
        """
        ...


WriterFactory: TypeAlias = Callable[[Path, str, VideoInfo], Writer]
"""(folder, name, info) -> writer of files ``<folder>/<name>...``, for each video; the folders of
the name are there."""


class Writers(AbstractContextManager):
    """Several writers as one: where one fails, the others go on, and its error comes at the end.

    Of what makes the writers, and what each of them is made of, see `WriterFactory`.
    """

    def __init__(
        self, factories: Sequence[WriterFactory], folder: Path, name: str, info: VideoInfo
    ) -> None:
        self.files: list[Path] = []
        self._errors: list[BaseException] = []
        # All are made before one begins: a file that one of them refuses costs no other's.
        made = [make(folder, name, info) for make in factories]
        with ExitStack() as begun:
            self._writers = [begun.enter_context(writer) for writer in made]
            begun.pop_all()
        self.need_frames = any(writer.needs_frames for writer in self._writers)

    def write(self, prediction: Prediction, frame: Frame | None) -> None:
        """Appends a frame to what every writer has that did not fail.

        Raises:
            Exception: What the first one failed of, when none is left.
        """
        for writer in self._writers.copy():
            try:
                writer.write(prediction, frame)
            except Exception as error:
                self._writers.remove(writer)
                self._end(writer, error)
                if not self._writers:
                    raise self._errors[0] from None
                lost = ", ".join(map(str, writer.files))
                said = f"{lost} cannot be written ({error}); what else is written goes on"
                warnings.warn(said, InputWarning, stacklevel=2)

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        for writer in self._writers:
            self._end(writer, error)
        if error is None and self._errors:
            raise self._errors[0]

    def _end(self, writer: Writer, error: BaseException | None) -> None:
        try:
            writer.__exit__(type(error) if error else None, error, None)
        except BaseException as failure:  # the others' files are still to be ended
            error = failure
        if error is None:
            self.files += writer.files
        else:
            self._errors.append(error)
