"""The frame store: every clip is decoded once, to uint8 frames of network size on disk."""

import errno
import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Literal
from uuid import uuid4

import numpy as np
from filelock import Timeout
from rich.filesize import decimal

from tracknet.console import progress, say
from tracknet.data.background import median_background
from tracknet.data.entry import (
    BACKGROUND,
    FRAMES,
    Facts,
    is_unchanged,
    read_facts,
    write_entry,
)
from tracknet.data.formats.base import LEFT_OUT, fit_labels
from tracknet.data.repeats import change, repeated_frames
from tracknet.errors import InputError
from tracknet.files import flush
from tracknet.geometry import Fit, Letterbox, Size, to_original
from tracknet.locks import take
from tracknet.problems import Problem
from tracknet.types import Clip, Labels, Track
from tracknet.video import (
    DamageError,
    Resizer,
    VideoError,
    about,
    count_frames,
    image_files,
    open_video,
)

VERSION = 7
UNFINISHED = ".writing-"
"""How folders begin whose clips are being decoded."""
ATTEMPTS = 100
"""To make such a folder, while other runs tidy up."""
State = Literal["whole", "missing", "changed"]
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a full disk is called."""


@dataclass(frozen=True)
class StoredClip:
    """A clip whose frames lie in the store.

    Attributes:
        clip: What was stored.
        folder: Where its files lie.
        fit: From the original frame to the network's input.
        fps: Frames per second of the source.
        labels: One row per frame, original pixels.
        repeats: Which frames repeat the one before, see `tracknet.data.repeats`.
        rows: Which of the frames in the folder are its own, ascending; None: all of them.
    """

    clip: Clip
    folder: Path
    fit: Fit
    fps: Fraction
    labels: Labels
    repeats: Sequence[int] = ()
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def frames(self) -> np.ndarray:
        """(N, H, W, 3) uint8 at network size, memory-mapped if they are all of the folder's.

        Opened anew each time: datasets of thousands of clips would run out of file descriptors.

        Raises:
            VideoError: They were removed or cut since the clip was opened.
        """
        try:
            frames = np.memmap(self.folder / FRAMES, np.uint8, "r").reshape(-1, *self.fit.target, 3)
            if self.rows is not None:
                return frames[self.rows]
            if len(frames) < len(self):
                raise self._gone(FRAMES)
            return frames[: len(self)]
        except (OSError, ValueError, IndexError) as error:
            raise self._gone(FRAMES) from error

    def once(self) -> "StoredClip":
        """The same clip without the frames that repeat the one before."""
        rows = np.delete(np.arange(len(self)), self.repeats)
        xy, visibility = self.labels.xy[rows], self.labels.visibility[rows]
        labels = replace(self.labels, xy=xy, visibility=visibility)
        return replace(self, labels=labels, repeats=(), rows=rows)

    def number(self, row: int) -> int:
        """Which frame of the video one of its frames is."""
        return row if self.rows is None else int(self.rows[row])

    def read(self, out: np.ndarray, start: int = 0, file: str = FRAMES) -> None:
        """Reads pictures into memory that is there: faster than by `frames`.

        Args:
            out: (n, H, W, 3) or (H, W, 3) uint8, contiguous; no more frames than follow.
            start: Index of the first frame.
            file: Of the entry.

        Raises:
            VideoError: They were removed or cut since the clip was opened.
        """
        if self.rows is None or file != FRAMES:
            self._read(out, start, file)
            return
        # Piece by piece that follows in the file.
        rows = self.rows[start : start + len(out)]
        ends = [*(np.flatnonzero(np.diff(rows) > 1) + 1), len(rows)]
        for begin, end in pairwise([0, *ends]):
            self._read(out[begin:end], int(rows[begin]), file)

    def _read(self, out: np.ndarray, start: int, file: str) -> None:
        try:
            with open(self.folder / file, "rb", buffering=0) as stream:
                stream.seek(start * math.prod((*self.fit.target, 3)))
                count = stream.readinto(out.data.cast("B"))
        except OSError as error:
            raise self._gone(file) from error
        if count != out.nbytes:
            raise self._gone(file)

    def _gone(self, file: str) -> VideoError:
        return VideoError(
            f"{self.folder / file} was removed or cut while it was in use; start again, and the "
            "store decodes the clip anew"
        )

    @property
    def background(self) -> np.ndarray:
        """(H, W, 3) uint8, the clip's median frame at network size."""
        out = np.empty((*self.fit.target, 3), np.uint8)
        self.read(out, file=BACKGROUND)
        return out

    @cached_property
    def network_xy(self) -> np.ndarray:
        """(N, 2) float32 positions in network pixels, NaN where there is none."""
        return self.fit.to_network(self.labels.xy).astype(np.float32)

    def track(self, best: np.ndarray) -> Track:
        """Each frame's best candidate (N,3), x, y in network pixels and score, none rejected."""
        return Track.of_best(to_original(self.fit, best))


class FrameStore:
    """Keeps decoded clips below `root`, one folder per (source, network size, fit).

    Folders appear by a rename when they are complete, so an interrupted run leaves nothing that
    looks finished. A changed source, another size or fit and another version of the store have
    another key and are decoded anew, as is an entry whose files are damaged or were changed.

    Args:
        root: Folder of the store.
        image_size: (H, W) of the network's input.
        fit: (source size, target size) -> how frames become the input; group ``fit``.
    """

    def __init__(
        self, root: str | Path, image_size: Size, fit: Callable[[Size, Size], Fit] = Letterbox
    ) -> None:
        self.root = Path(root)
        self.image_size: Size = image_size[0], image_size[1]
        self.fit = fit

    def open(self, clips: Sequence[Clip]) -> tuple[list[StoredClip], list[Problem]]:
        """Decodes what is missing and opens every clip.

        Returns:
            The clips that can be used, and what is wrong with them and with the others; both in the
            order of the clips.

        Raises:
            InputError: Nothing can be written.
            OSError: The disk is too small or fills up; the message says what is needed.
        """
        self._tidy()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            states = list(pool.map(self._state, clips))
        pairs = list(zip(clips, states, strict=True))
        broken = self._decode_all([clip for clip, state in pairs if state != "whole"])
        stored: list[StoredClip] = []
        problems: list[Problem] = []
        for clip, state in pairs:
            try:
                if clip.name in broken:
                    raise broken[clip.name]
                opened, own = self._opened(clip)
            except VideoError as error:
                message = about(clip.source, error) + LEFT_OUT
                problems.append(Problem("unreadable", clip.name, None, message))
                continue
            if state == "changed":
                said = f"clip {clip.name}: its frames in the store were changed since they had been"
                message = f"{said} decoded, and are decoded anew; is the disk sound?"
                problems.append(Problem("changed", clip.name, None, message))
            stored.append(opened)
            problems += own
        return stored, problems

    def _decode_all(self, clips: Sequence[Clip]) -> dict[str, VideoError]:
        """Decodes clips; of those that cannot be decoded, by name, what is wrong."""
        broken: dict[str, VideoError] = {}
        if not clips:
            return broken

        def decode(clip: Clip) -> None:
            try:
                self._decode(clip, unfinished)
            except VideoError as error:
                broken[clip.name] = error

        # Decoding and resizing leave the interpreter, so threads use every core.
        with self._unfinished() as unfinished, ThreadPoolExecutor(os.cpu_count()) as pool:
            needed, free = sum(pool.map(self._estimate, clips)), shutil.disk_usage(self.root).free
            if needed > free:
                raise self._too_small(f"{len(clips)} clips", needed, errno.ENOSPC)
            say(f"decoding {len(clips)} clips, about {decimal(needed)} of {decimal(free)} free")
            with progress(transient=True) as bar:
                task = bar.add_task("decoding clips", total=len(clips))
                for _ in pool.map(decode, clips):
                    bar.advance(task)
        return broken

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A folder for what is being written, locked for as long as this process lives.

        Raises:
            InputError: There is no writing below `root`.
        """
        for _ in range(ATTEMPTS):
            folder = self.root / f"{UNFINISHED}{uuid4().hex}"
            try:
                folder.mkdir(parents=True)
                lock = take(folder / "lock")
                break
            except (Timeout, FileNotFoundError):  # another run was tidying up just now
                continue
            except OSError as error:
                raise InputError(
                    f"paths.store={self.root} cannot be written to ({error.strerror}); set it to a "
                    "folder that can"
                ) from error
        else:
            raise InputError(
                f"paths.store={self.root}: other runs removed all of {ATTEMPTS} new folders there; "
                "set it to a folder of one's own"
            )
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if lock:
                lock.release()

    def _decode(self, clip: Clip, unfinished: Path) -> None:
        folder, temporary = self._folder(clip), unfinished / uuid4().hex
        try:
            temporary.mkdir()
            self._write(clip, temporary)
            if folder.is_file():
                folder.unlink()
            elif folder.is_dir() and self._checked(folder) != "whole":
                shutil.rmtree(folder)
            try:
                temporary.rename(folder)
            except OSError:
                # Another run finished the same clip first: the content is the same.
                if not folder.is_dir():
                    raise
        except OSError as error:
            if error.errno not in FULL:
                raise
            written = sum(file.stat().st_size for file in temporary.glob("*"))
            needed = max(self._estimate(clip), written)
            raise self._too_small(f"clip {clip.name}", needed, error.errno) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _write(self, clip: Clip, folder: Path) -> None:
        info, decoded = open_video(clip.source, skip_damage=False)
        resizer = Resizer(self.fit(info.size, self.image_size))
        length, damaged, digest = 0, False, hashlib.sha256()
        before, changes = None, []
        with open(folder / FRAMES, "wb") as file:
            try:
                for frame in decoded:
                    pixels = resizer(frame)
                    changes.append(change(before, pixels))
                    before = pixels
                    digest.update(pixels.data)
                    file.write(pixels.data)
                    length += 1
            except DamageError:
                damaged = True
        frames = np.memmap(folder / FRAMES, np.uint8, "r", 0, (length, *self.image_size, 3))
        background = median_background(frames).data
        (folder / BACKGROUND).write_bytes(background)
        for name in (FRAMES, BACKGROUND):  # a machine that crashes leaves zeros of their length
            flush(folder / name)
        digests = {FRAMES: digest.hexdigest(), BACKGROUND: hashlib.sha256(background).hexdigest()}
        source, claimed = str(clip.source), info.frames
        repeats = repeated_frames(np.array(changes)).tolist()
        facts = Facts(source, length, claimed, info.size, info.fps, damaged, repeats, digests)
        write_entry(folder, facts)

    def _state(self, clip: Clip) -> State:
        try:
            return self._checked(self._folder(clip))
        except VideoError:  # decoding says so
            return "missing"

    def _checked(self, folder: Path) -> State:
        facts = read_facts(folder, self.image_size)
        if facts is None:
            return "missing"
        return "whole" if is_unchanged(folder, facts) else "changed"

    def _tidy(self) -> None:
        """Removes what killed runs left unfinished: nobody holds its lock any more."""
        for folder in self.root.glob(f"{UNFINISHED}*"):
            try:
                lock = take(folder / "lock")
            except OSError:  # it is in use, or another user's
                continue
            if lock:  # without locks nobody knows whether it is in use
                shutil.rmtree(folder, ignore_errors=True)
                lock.release()

    def _estimate(self, clip: Clip) -> int:
        """Bytes that a clip will take, as far as its container tells."""
        h, w = self.image_size
        try:
            return count_frames(clip.source) * h * w * 3
        except VideoError:  # reported when the clip is decoded
            return 0

    def _too_small(self, what: str, needed: int, number: int) -> OSError:
        (h, w), free = self.image_size, shutil.disk_usage(self.root).free
        return OSError(
            number,
            f"the disk of the frame store {self.root} has no room for {what} at {h}x{w}: about "
            f"{decimal(needed)} needed, {decimal(free)} free; free some space, "
            "or set paths.store to a folder on a larger disk",
        )

    def _opened(self, clip: Clip) -> tuple[StoredClip, list[Problem]]:
        folder = self._folder(clip)
        facts = read_facts(folder, self.image_size)
        if facts is None:
            raise VideoError(f"{folder} was removed while it was opened; start again")
        fit = self.fit(facts.size, self.image_size)
        labels, problems = fit_labels(clip, facts.frames, facts.size)
        stored = StoredClip(clip, folder, fit, facts.fps, labels, facts.repeats)
        return stored, [*_video_problems(clip.name, facts), *problems]

    def _folder(self, clip: Clip) -> Path:
        h, w = self.image_size
        try:
            source = _fingerprint(clip.source)
        except OSError as error:  # a link to nowhere, a file that may not be read
            said = f"{error.filename}: cannot be read ({error.strerror})"
            raise VideoError(f"{said}; is it there, and yours to read?") from error
        key = f"{VERSION} {h}x{w} {_name(self.fit)} {source}"
        return self.root / hashlib.sha256(os.fsencode(key)).hexdigest()[:24]


def _name(fit: Callable[[Size, Size], Fit]) -> str:
    """What tells a fit, with its options, from another."""
    whole = fit if isinstance(fit, partial) else partial(fit)
    return f"{whole.func.__module__}.{whole.func.__qualname__} {sorted(whole.keywords.items())}"


def _video_problems(clip: str, facts: Facts) -> Iterator[Problem]:
    """What was found wrong with a clip's video when it was decoded."""
    frames = facts.frames
    if facts.damaged:
        said = (
            f"clip {clip}: its video is damaged after {frames} frames; what follows is not used, "
            "since the numbers of its frames are not known. Copy or convert it again"
        )
        yield Problem("damaged", clip, frames, said)
    elif frames < facts.claimed:
        said = f"ends after {frames} of the {facts.claimed} frames that its header promises"
        message = f"clip {clip}: its video {said}; is it complete?"
        yield Problem("short_video", clip, frames, message)


def _fingerprint(source: Path) -> str:
    """Changes when the source's content does, without reading a long video as a whole."""
    if source.is_dir():
        # Bitmaps of two clips may agree in names, sizes and times.
        files, last = image_files(source), os.fsencode(source.resolve())
    elif not source.is_file():  # a pipe would be waited for
        return f"missing {source}"
    else:
        with open(source, "rb") as stream:
            files, last = [source], stream.read(1 << 20)
    stats = [(file.name, file.stat()) for file in files]
    lines = [f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in stats]
    return hashlib.sha256(os.fsencode("".join(lines)) + last).hexdigest()
