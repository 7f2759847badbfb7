"""Reels: patches of a clip's frames, one window behind the other, as a network learns from them."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from tracknet.data.entry import FRAMES
from tracknet.data.patches import centred, corners, cut
from tracknet.data.store import StoredClip
from tracknet.geometry import Fit, Letterbox, Size
from tracknet.types import ABSENT, UNLABELLED, Labels
from tracknet.video import Resizer, open_video, prefetch

FAR = 16.0
"""Pixels from the ball beyond which a candidate is another thing."""
OTHERS = 2
"""Candidates of a frame that are shown for what they are not."""


@dataclass(frozen=True)
class Reels:
    """Cuts windows of `frames` patches out of clips and keeps them below `root`.

    Attributes:
        root: Folder of the store.
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
        return self._made(clip, fine, size, list(self._lessons(clip, fine, candidates, rng)))

    def val(self, clip: StoredClip, fine: Fit, candidates: np.ndarray, least: float) -> StoredClip:
        """Patches round every candidate with at least that score."""
        points = [
            fine.to_network(own[own[:, 2] >= least, :2]) if seen != UNLABELLED else np.empty((0, 2))
            for own, seen in zip(candidates, clip.labels.visibility, strict=True)
        ]
        return self._made(clip, fine, self.patch, points)

    def _lessons(
        self, clip: StoredClip, fine: Fit, candidates: np.ndarray, rng: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """Each frame's points (n,2), pixels of the fine frames."""
        labels, half = clip.labels, np.array(self.patch[::-1]) / 2
        still, frames = clip.background.astype(np.int16), clip.frames
        for row, own in enumerate(candidates):
            if labels.visibility[row] == UNLABELLED:
                yield np.empty((0, 2))
                continue
            places, points = fine.to_network(own[:, :2]), []
            if labels.visibility[row] > ABSENT:
                ball = fine.to_network(labels.xy[row])
                points.append(ball + rng.uniform(-half, half) * 0.6)
                places = places[np.linalg.norm(places - ball, axis=1) > FAR]
            points += [place + rng.uniform(-8, 8, 2) for place in places[:OTHERS]]
            moves = np.abs(frames[row] - still).sum(-1).ravel().astype(float) ** 2
            if total := moves.sum():
                y, x = divmod(int(rng.choice(moves.size, p=moves / total)), still.shape[1])
                points.append(fine.to_network(clip.fit.to_original(np.array([x, y]))))
            yield np.array(points).reshape(-1, 2)

    def _made(
        self, clip: StoredClip, fine: Fit, size: Size, points: Sequence[np.ndarray]
    ) -> StoredClip:
        first = [corners(own, size, fine.target) for own in points]
        what = repr((fine, size)).encode() + b"".join(corner.tobytes() for corner in first)
        folder = self.root / "reels" / self._digest(clip, what)
        if not folder.is_dir():
            self._write(clip, fine, size, first, folder)
        labels = self._labels(clip, fine, size, first)
        reel = replace(clip.clip, labels=labels)
        return StoredClip(reel, folder, Letterbox(size, size), clip.fps, labels)

    def _write(
        self,
        clip: StoredClip,
        fine: Fit,
        size: Size,
        first: Sequence[np.ndarray],
        folder: Path,
    ) -> None:
        unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}")
        unfinished.mkdir(parents=True)
        try:
            _, frames = open_video(clip.clip.source)
            with open(unfinished / FRAMES, "wb") as file, closing(prefetch(frames, 8)) as read:
                views = centred(map(Resizer(fine), read), self.frames)
                for view, own in zip(views, first, strict=False):
                    for corner in own:
                        file.write(cut(view, corner, size).data)
            if not folder.is_dir():
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _labels(
        self, clip: StoredClip, fine: Fit, size: Size, first: Sequence[np.ndarray]
    ) -> Labels:
        """Of every patch's frames: where in it the ball is, or that it is not there."""
        visibility, ball = clip.labels.visibility, fine.to_network(clip.labels.xy)
        rows = list(centred(range(len(clip)), self.frames))
        xy, seen = [], []
        for row, own in zip(rows, first, strict=True):
            for corner in own:
                place = ball[row] - corner
                inside = ((place >= 0) & (place <= np.array(size[::-1]) - 1)).all(1)
                xy.append(place)
                seen.append(np.where(inside | (visibility[row] <= ABSENT), visibility[row], ABSENT))
        places = np.concatenate([np.empty((0, 2)), *xy]).astype(np.float32)
        states = np.concatenate([np.empty(0), *seen]).astype(np.int8)
        places[states <= ABSENT] = np.nan
        return Labels(places, states, size)

    def _digest(self, clip: StoredClip, what: bytes) -> str:
        said = repr((self.key, clip.folder.name, clip.clip.name, self.frames)).encode()
        return hashlib.sha256(said + what).hexdigest()[:24]
