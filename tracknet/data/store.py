"""The frame store: every clip is decoded once, to uint8 frames of network size on disk."""

import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout
from rich.filesize import decimal
from rich.progress import Progress

from tracknet.data.background import median_background
from tracknet.data.formats.base import LEFT_OUT, fit_labels
from tracknet.errors import InputError
from tracknet.geometry import Fit, Letterbox, Size, to_original
from tracknet.problems import Problem
from tracknet.types import Clip, Labels, Track
from tracknet.video import (
    DamageError,
    Resizer,
    VideoError,
    count_frames,
    image_files,
    open_video,
)

VERSION = 5
UNFINISHED = ".writing-"
"""How folders begin whose clips are being decoded."""
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
        labels: One row per decoded frame, original pixels.
    """

    clip: Clip
    folder: Path
    fit: Fit
    fps: Fraction
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def frames(self) -> np.ndarray:
        """(N, H, W, 3) uint8 at network size, memory-mapped.

        Opened anew each time: datasets of thousands of clips would run out of file descriptors.
        """
        shape = (len(self), *self.fit.target, 3)
        return np.memmap(self.folder / "frames.u8", np.uint8, "r", 0, shape)

    def read(self, out: np.ndarray, start: int = 0, file: str = "frames.u8") -> None:
        """Reads pictures into memory that is there: faster than by `frames`.

        Args:
            out: (n, H, W, 3) or (H, W, 3) uint8, contiguous; no more frames than follow.
            start: Index of the first frame.
            file: Of the entry.
        """
        path = self.folder / file
        with open(path, "rb", buffering=0) as stream:
            stream.seek(start * math.prod((*self.fit.target, 3)))
            if stream.readinto(out.data.cast("B")) != out.nbytes:
                raise VideoError(
                    f"{path} has become shorter while it was in use; start again, and the store "
                    "decodes the clip anew"
                )

    @property
    def background(self) -> np.ndarray:
        """(H, W, 3) uint8, the clip's median frame at network size."""
        out = np.empty((*self.fit.target, 3), np.uint8)
        self.read(out, file="background.u8")
        return out

    @cached_property
    def network_xy(self) -> np.ndarray:
        """(N, 2) float32 positions in network pixels, NaN where there is none."""
        return self.fit.to_network(self.labels.xy).astype(np.float32)

    def track(self, best: np.ndarray) -> Track:
        """Each frame's best candidate (N,3), x, y in network pixels and score, none rejected."""
        best = to_original(self.fit, best)
        return Track(best[:, :2], best[:, 2], np.full(len(best), "detected"))


class FrameStore:
    """Keeps decoded clips below `root`, one folder per (source, network size, fit).

    Folders appear by a rename when they are complete, so an interrupted run leaves nothing that
    looks finished. A changed source, another size or fit and another version of the store have
    another key and are decoded anew, as is an entry whose files are damaged.

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
        broken: dict[str, str] = {}
        missing = []
        for clip in clips:
            try:
                if not self._is_whole(self._folder(clip)):
                    missing.append(clip)
            except OSError as error:  # a link to nowhere, a file that may not be read
                broken[clip.name] = str(error)
        broken |= self._decode_all(missing)
        stored: list[StoredClip] = []
        problems: list[Problem] = []
        for clip in clips:
            if clip.name in broken:
                message = broken[clip.name] + LEFT_OUT
                problems.append(Problem("unreadable", clip.name, None, message))
            else:
                opened, own = self._opened(clip)
                stored.append(opened)
                problems += own
        return stored, problems

    def _decode_all(self, clips: Sequence[Clip]) -> dict[str, str]:
        """Decodes clips; of those that cannot be decoded, by name, what is wrong."""
        broken: dict[str, str] = {}
        if not clips:
            return broken

        def decode(clip: Clip) -> None:
            try:
                self._decode(clip, unfinished)
            except VideoError as error:
                broken[clip.name] = str(error)

        # Decoding and resizing leave the interpreter, so threads use every core.
        with (
            self._unfinished() as unfinished,
            Progress() as progress,
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            task = progress.add_task("decoding clips", total=len(clips))
            needed, free = sum(pool.map(self._estimate, clips)), shutil.disk_usage(self.root).free
            if needed > free:
                raise self._too_small(f"{len(clips)} clips", needed, errno.ENOSPC)
            size = f"decoding clips, about {decimal(needed)} of {decimal(free)} free"
            progress.update(task, description=size)
            for _ in pool.map(decode, clips):
                progress.advance(task)
        return broken

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A folder for what is being written, locked for as long as this process lives.

        Raises:
            InputError: There is no writing below `root`.
        """
        while True:
            folder = self.root / f"{UNFINISHED}{uuid4().hex}"
            lock = FileLock(folder / "lock", mode=0o644)
            try:
                folder.mkdir(parents=True)
                lock.acquire(blocking=False)
                break
            except (Timeout, FileNotFoundError):  # another run was tidying up just now
                continue
            except OSError as error:
                raise InputError(
                    f"paths.store={self.root} cannot be written to ({error.strerror}); set it to a "
                    "folder that can"
                ) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _decode(self, clip: Clip, unfinished: Path) -> None:
        folder, temporary = self._folder(clip), unfinished / uuid4().hex
        try:
            temporary.mkdir()
            self._write(clip, temporary)
            if folder.is_dir() and not self._is_whole(folder):
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
        length, damaged = 0, False
        with open(folder / "frames.u8", "wb") as file:
            try:
                for frame in decoded:
                    file.write(resizer(frame).data)
                    length += 1
            except DamageError:
                damaged = True
        frames = np.memmap(folder / "frames.u8", np.uint8, "r", 0, (length, *self.image_size, 3))
        (folder / "background.u8").write_bytes(median_background(frames).data)
        meta = {
            "source": str(clip.source),
            "frames": length,
            "claimed": info.frames,
            "size": info.size,
            "fps": str(info.fps),
            "damaged": damaged,
        }
        (folder / "meta.json").write_text(json.dumps(meta, indent=1))

    def _is_whole(self, folder: Path) -> bool:
        """Whether an entry is there with all of its files at their length."""
        h, w = self.image_size
        try:
            frames = json.loads((folder / "meta.json").read_text())["frames"]
            background = (folder / "background.u8").stat().st_size
            stored = (folder / "frames.u8").stat().st_size
            return background == h * w * 3 and stored == frames * h * w * 3
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _tidy(self) -> None:
        """Removes what killed runs left unfinished: nobody holds its lock any more."""
        for folder in self.root.glob(f"{UNFINISHED}*"):
            try:
                with FileLock(folder / "lock", blocking=False, mode=0o644):
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:  # it is in use, or another user's
                continue

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
        meta = json.loads((folder / "meta.json").read_text())
        height, width = meta["size"]
        fit = self.fit((height, width), self.image_size)
        labels, problems = fit_labels(clip, meta["frames"], fit.source)
        stored = StoredClip(clip, folder, fit, Fraction(meta["fps"]), labels)
        return stored, [*_video_problems(clip.name, meta), *problems]

    def _folder(self, clip: Clip) -> Path:
        h, w = self.image_size
        key = f"{VERSION} {h}x{w} {_name(self.fit)} {_fingerprint(clip.source)}"
        return self.root / hashlib.sha256(key.encode()).hexdigest()[:24]


def _name(fit: Callable[[Size, Size], Fit]) -> str:
    """What tells a fit, with its options, from another."""
    whole = fit if isinstance(fit, partial) else partial(fit)
    return f"{whole.func.__module__}.{whole.func.__qualname__} {sorted(whole.keywords.items())}"


def _video_problems(clip: str, meta: Mapping[str, Any]) -> Iterator[Problem]:
    """What was found wrong with a clip's video when it was decoded, by its `meta.json`."""
    frames = meta["frames"]
    if meta["damaged"]:
        said = (
            f"clip {clip}: its video is damaged after {frames} frames; what follows is not used, "
            "since the numbers of its frames are not known. Copy or convert it again"
        )
        yield Problem("damaged", clip, frames, said)
    elif frames < meta["claimed"]:
        said = f"ends after {frames} of the {meta['claimed']} frames that its header promises"
        message = f"clip {clip}: its video {said}; is it complete?"
        yield Problem("short_video", clip, frames, message)


def _fingerprint(source: Path) -> str:
    """Changes when the source's content does, without reading a long video as a whole."""
    if not source.exists():
        return f"missing {source}"
    if source.is_dir():
        # Bitmaps of two clips may agree in names, sizes and times.
        files, last = image_files(source), str(source.resolve()).encode()
    else:
        with open(source, "rb") as stream:
            files, last = [source], stream.read(1 << 20)
    stats = [(file.name, file.stat()) for file in files]
    lines = [f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in stats]
    return hashlib.sha256("".join(lines).encode() + last).hexdigest()
