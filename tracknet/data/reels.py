"""Reels: patches of a clip's frames, one window behind the other, as a network learns from them."""

import hashlib
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from uuid import uuid4

import numpy as np
from rich.filesize import decimal

from tracknet.data.entry import FRAMES
from tracknet.data.patches import centred, corners
from tracknet.data.repeats import shown_again
from tracknet.data.store import FULL, StoredClip
from tracknet.geometry import Fit, Letterbox, Size
from tracknet.types import ABSENT, UNLABELLED, Labels
from tracknet.video import Resizer, open_video, prefetch

FAR = 16.0
"""Pixels from the ball beyond which a candidate is another thing."""
HALF = 6.0
"""Pixels outside of a patch within which a ball may still show in it."""
BALLS, OTHERS = 2, 2
"""Patches of a frame that hold its ball, and that hold a candidate which is none."""


@dataclass(frozen=True)
class Reels:
    """Cuts windows of `frames` patches out of clips and keeps them below `root`.

    Attributes:
        root: Their folder.
        frames: T, frames of a window.
        patch: (H, W) that the network will see.
        margin: By how many pixels a training patch is wider and higher, to be cropped out of.
        key: Of what chose the candidates.
    """

    root: Path
    frames: int
    patch: Size
    margin: int
    key: str

    def train(self, clip: StoredClip, fine: Fit, candidates: np.ndarray) -> StoredClip:
        """Patches that hold the ball, that hold what was taken for it, and that hold what moves.

        Args:
            clip: At the size that was looked at first.
            fine: From its original frames to those that patches are cut from.
            candidates: (N,K,3) original pixels and score.
        """
        size = self.patch[0] + self.margin, self.patch[1] + self.margin
        rng = np.random.default_rng(int(self._digest(clip, b"")[:8], 16))
        rows = np.flatnonzero(~shown_again(candidates))
        points = [self._lessons(clip, fine, row, candidates[row], rng) for row in rows.tolist()]
        return self._made(clip, fine, size, rows, points)

    def val(self, clip: StoredClip, fine: Fit, candidates: np.ndarray, least: float) -> StoredClip:
        """Patches round every candidate with at least that score."""
        rows = np.flatnonzero(~shown_again(candidates))
        seen = clip.labels.visibility[rows] != UNLABELLED
        worth = (candidates[rows, :, 2] >= least) & seen[:, None]
        points = [
            fine.to_network(own[is_worth, :2])
            for own, is_worth in zip(candidates[rows], worth, strict=True)
        ]
        return self._made(clip, fine, self.patch, rows, points)

    def _lessons(
        self,
        clip: StoredClip,
        fine: Fit,
        row: int,
        candidates: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """A frame's points (n,2), pixels of the fine frames."""
        labels, half = clip.labels, np.array(self.patch[::-1]) / 2
        if labels.visibility[row] == UNLABELLED:
            return np.empty((0, 2))
        places, points = fine.to_network(candidates[:, :2]), []
        if labels.visibility[row] > ABSENT:
            ball = fine.to_network(labels.xy[row])
            points += list(ball + rng.uniform(-half, half, (BALLS, 2)) * 0.6)
            places = places[np.linalg.norm(places - ball, axis=1) > FAR]
        points += [place + rng.uniform(-8, 8, 2) for place in places[:OTHERS]]
        still = clip.background.astype(np.int16)
        moves = np.abs(clip.frames[row] - still).sum(-1).ravel().astype(float) ** 2
        if total := moves.sum():
            y, x = divmod(int(rng.choice(moves.size, p=moves / total)), still.shape[1])
            points.append(fine.to_network(clip.fit.to_original(np.array([x, y]))))
        return np.array(points).reshape(-1, 2)

    def _made(
        self, clip: StoredClip, fine: Fit, size: Size, rows: np.ndarray, points: list[np.ndarray]
    ) -> StoredClip:
        """A window for each point of the frames `rows`, which are those that repeat no other."""
        first = [corners(own, size, fine.target) for own in points]
        what = repr((fine, size, rows.tolist())).encode() + b"".join(map(bytes, first))
        folder = self.root / self._digest(clip, what)
        if not folder.is_dir():
            self._write(clip, fine, size, rows, first, folder)
        labels = self._labels(clip, fine, size, rows, first)
        reel = replace(clip.clip, labels=labels)
        return StoredClip(reel, folder, Letterbox(size, size), clip.fps, labels)

    def _write(
        self,
        clip: StoredClip,
        fine: Fit,
        size: Size,
        rows: np.ndarray,
        first: Sequence[np.ndarray],
        folder: Path,
    ) -> None:
        unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}")
        unfinished.mkdir(parents=True)
        needed = sum(map(len, first)) * self.frames * size[0] * size[1] * 3
        shown = np.isin(np.arange(len(clip)), rows)
        try:
            _, frames = open_video(clip.clip.source)
            with (
                open(unfinished / FRAMES, "wb") as file,
                closing(prefetch(compress(frames, shown), 8)) as read,
            ):
                resizer = Resizer(fine)
                views = centred(map(resizer.scaled, read), self.frames)
                for view, own in zip(views, first, strict=True):
                    for corner in own:
                        file.write(resizer.part(view, corner.tolist(), size).data)
            if not folder.is_dir():
                unfinished.rename(folder)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise OSError(
                f"{self.root}: no room for the patches of {clip.clip.name}, {decimal(needed)}; "
                "free some space, or choose hydra.run.dir= on a larger disk"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _labels(
        self, clip: StoredClip, fine: Fit, size: Size, rows: np.ndarray, first: Sequence[np.ndarray]
    ) -> Labels:
        """Of every patch's middle frame: where in it the ball is, or that it is not there.

        The others are unlabelled: what the second look says of them is not asked for.
        """
        visibility, balls = clip.labels.visibility[rows], fine.to_network(clip.labels.xy[rows])
        xy, seen = [], []
        for state, middle, own in zip(visibility, balls, first, strict=True):
            places = middle - own
            # Half a ball at the border is neither.
            away = np.maximum(-places, places - (np.array(size[::-1]) - 1)).max(1)
            ball = np.select([away <= 0, away < HALF], [state, UNLABELLED], ABSENT)
            xy.append(places)
            seen.append(ball if state > ABSENT else np.full(len(own), state))
        places = np.full((sum(map(len, xy)), self.frames, 2), np.nan, np.float32)
        states = np.full(places.shape[:2], UNLABELLED, np.int8)
        states[:, self.frames // 2] = np.concatenate(seen)
        places[:, self.frames // 2] = np.concatenate(xy)
        places[states <= ABSENT] = np.nan
        return Labels(places.reshape(-1, 2), states.ravel(), size)

    def _digest(self, clip: StoredClip, what: bytes) -> str:
        said = repr((self.key, clip.folder.name, clip.clip.name, self.frames)).encode()
        return hashlib.sha256(said + what).hexdigest()[:24]
