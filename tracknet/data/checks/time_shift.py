"""Labels that stand at other frames than their balls: all of a clip's, or more and more of them.

Where a ball is, a frame differs from the one before and from the one after. So the motion at a
label's place, looked for in the frames around it, is highest in the label's own frame; if it is
highest k frames later over many labels, the labels are k frames early.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from tracknet.problems import Problem
from tracknet.types import ABSENT

REACH = 8
"""Frames that labels are moved by, either way."""
PATCH = 7
"""Side of the square round a label in which motion counts, in network pixels."""
SLOWEST = 0.003
"""Of the frame's width, per frame: a slower ball looks the same in neighbouring frames."""
CERTAIN = 1.75
"""Standard errors by which a clip's best shift beats none."""
STRETCH, STRETCH_CERTAIN, STRETCH_SHIFT = 24, 3.0, 2
"""Of a part of a clip: usable labels, standard errors, and the smallest shift that counts."""


def shift_problems(
    clip: str, frames: Iterable[np.ndarray], xy: np.ndarray, visibility: np.ndarray
) -> list[Problem]:
    """The shift of a clip's labels: of all, or else of those of its parts that have one.

    Args:
        clip: The clip's name.
        frames: (H,W,3) uint8 each, in order.
        xy: (N,2) labels in their pixels.
        visibility: (N,).
    """
    profiles = motion_profiles(frames, xy, visibility)
    usable = np.flatnonzero(~np.isnan(profiles).any(1))
    if len(usable) < STRETCH:
        return []
    parts = np.array_split(usable, len(usable) // STRETCH)
    shifts = [(part, _best(profiles[part], STRETCH_CERTAIN)) for part in parts]
    shifts = [(part, shift) for part, shift in shifts if abs(shift) >= STRETCH_SHIFT]
    whole = _best(profiles[usable], CERTAIN)
    # A drift has many shifts, and their mean is none of them.
    kind, remedy = "drift", "other parts have another shift: frames were lost or added on the way"
    if not shifts or {shift for _, shift in shifts} == {whole}:
        kind, remedy = "time_shift", f"add {whole} to their frame numbers"
        shifts = [(usable, whole)] if whole else []
    problems = []
    for part, shift in shifts:
        late = "late" if shift < 0 else "early"
        what = f"the labels of frames {part[0]} to {part[-1]} are {abs(shift)} {late}"
        problems.append(Problem(kind, clip, int(part[0]), f"{what}; {remedy}"))
    return problems


def motion_profiles(
    frames: Iterable[np.ndarray], xy: np.ndarray, visibility: np.ndarray
) -> np.ndarray:
    """(N, 2 REACH + 1) share of the motion at each label's place that each frame round it has.

    Rows of slow or absent balls, and of frames too near the clip's ends, are NaN.
    """
    count = len(xy)
    energy = np.full((count, 2 * REACH + 1), np.nan)
    step = np.linalg.norm(np.diff(xy, axis=0, prepend=np.nan), axis=1)
    earlier = last = None
    width = 1
    for number, frame in enumerate(frames):
        here, width = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), frame.shape[1]
        if earlier is not None:
            # What is in the last frame alone, neither before nor after.
            motion = np.minimum(cv2.absdiff(last, earlier), cv2.absdiff(last, here))
            motion = cv2.boxFilter(motion.astype(np.float32), -1, (PATCH, PATCH))
            near = np.arange(max(0, number - 1 - REACH), min(count, number + REACH))
            near = near[(visibility[near] > ABSENT) & np.isfinite(xy[near]).all(1)]
            x, y = np.rint(xy[near]).astype(int).T
            inside = (x >= 0) & (y >= 0) & (x < motion.shape[1]) & (y < motion.shape[0])
            near, x, y = near[inside], x[inside], y[inside]
            energy[near, number - 1 - near + REACH] = motion[y, x]
        earlier, last = last, here
    energy[~(step >= SLOWEST * width)] = np.nan
    total = energy.sum(1, keepdims=True)
    return np.where(total > 0, energy / np.where(total > 0, total, 1), np.nan)


def _best(profiles: np.ndarray, certain: float) -> int:
    """The shift with the most motion, 0 unless it beats no shift by `certain` standard errors."""
    best = int(profiles.mean(0).argmax())
    gain = profiles[:, best] - profiles[:, REACH]
    error = gain.std() / np.sqrt(len(gain))
    return best - REACH if gain.mean() > certain * error else 0
