"""Labels that stand at other frames than their balls: by one number of frames, or by more of them.

Where a ball is, a frame differs from the one before and from the one after, and more so than what
is round it. So the motion at a label's place, looked for in the frames around it, is highest in the
label's own frame; if it is highest k frames later over many labels, the labels are k frames early.
How k goes along a clip is a path through its labels: the one that has the most motion on it, less
what each of its turns costs.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from tracknet.problems import Problem
from tracknet.types import ABSENT

REACH = 20
"""Frames that labels are moved by, either way."""
PATCH, SURROUND = 7, 21
"""Sides of the squares round a label, network pixels: in the first motion counts, and only so far
as it exceeds that in the second, where a player moves as a whole."""
FLOOR = 4.0
"""Gray levels of motion that are as good as none: noise, and what an encoder makes of it."""
SLOWEST = 0.003
"""Of the frame's width, per frame: a slower ball looks the same in neighbouring frames."""
STEP, JUMP = 2.0, 6.0
"""What it costs that a label is moved by one frame more than the one before, and the most that any
turn costs: a drift is worth a third of a jump, and a jump about as much as six labels tell."""
CERTAIN = 3.0
"""By how much a path must beat that of labels in their place (and one that turns, a straight one).
Of 42 real clips, and of 250 times some flights of them, none came above 0.5; with labels moved by
one frame, none below 6."""
FARTHEST = 2
"""Frames that some part of a drift must be moved by: labels that sit beside their balls look one
frame early here and one late there, as the ball goes to and fro."""
SEEN = 0.14
"""Mean score of the best path: where less is to be seen of the ball, as behind an encoder that
swallows it, chance decides which players pass where it was."""


def shift_problems(
    clip: str, frames: Iterable[np.ndarray], xy: np.ndarray, visibility: np.ndarray
) -> list[Problem]:
    """The shift of a clip's labels: of all, or else of each of its parts that have one.

    Args:
        clip: The clip's name.
        frames: (H,W,3) uint8 each, in order.
        xy: (N,2) labels in their pixels.
        visibility: (N,).
    """
    rows, scores = motion_scores(frames, xy, visibility)
    if not len(rows):
        return []
    path, total = _best_path(scores)
    straight = scores.sum(0)
    seen = scores[np.arange(len(path)), path].mean()
    if total - straight[REACH] < CERTAIN or seen < SEEN:
        return []
    kind, remedy = "drift", "other parts have another shift: frames were lost or added on the way"
    if total - straight.max() < CERTAIN:
        path[:] = straight.argmax()
        kind, remedy = "time_shift", f"add {path[0] - REACH} to their frame numbers"
    elif abs(path - REACH).max() < FARTHEST:
        return []
    problems = []
    for part in np.split(np.arange(len(path)), np.flatnonzero(np.diff(path)) + 1):
        if shift := int(path[part[0]]) - REACH:
            first, last = rows[part[0]], rows[part[-1]]
            late = "late" if shift < 0 else "early"
            what = f"the labels of frames {first} to {last} are {abs(shift)} {late}"
            problems.append(Problem(kind, clip, int(first), f"{what}; {remedy}"))
    return problems


def motion_scores(
    frames: Iterable[np.ndarray], xy: np.ndarray, visibility: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How much the motion at labels' places stands out in each of the frames round them.

    Returns:
        (M,) indices of labels that tell something, those of slow and absent balls left out; and
        (M, 2 REACH + 1) logarithms of their motion in each frame, over its mean; 0 beyond the
        clip's ends.
    """
    count, width = len(xy), 1
    energy = np.full((count, 2 * REACH + 1), np.nan)
    step = np.linalg.norm(np.diff(xy, axis=0, prepend=np.nan), axis=1)
    earlier = last = None
    for number, frame in enumerate(frames):
        here, width = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), frame.shape[1]
        if earlier is not None:
            # What is in the last frame alone, neither before nor after.
            motion = np.minimum(cv2.absdiff(last, earlier), cv2.absdiff(last, here))
            patch, round_it = (
                cv2.boxFilter(motion, cv2.CV_32F, (side, side)) for side in (PATCH, SURROUND)
            )
            near = np.arange(max(0, number - 1 - REACH), min(count, number + REACH))
            near = near[(visibility[near] > ABSENT) & np.isfinite(xy[near]).all(1)]
            x, y = np.rint(xy[near]).astype(int).T
            inside = (x >= 0) & (y >= 0) & (x < motion.shape[1]) & (y < motion.shape[0])
            near, x, y = near[inside], x[inside], y[inside]
            energy[near, number - 1 - near + REACH] = (patch[y, x] - round_it[y, x]).clip(0)
        earlier, last = last, here
    known = np.isfinite(energy)
    usable = known[:, REACH] & (known.mean(1) > 0.5) & (step >= SLOWEST * width)
    rows = np.flatnonzero(usable)
    energy = energy[rows]
    mean = np.nanmean(energy, 1, keepdims=True) if len(rows) else energy
    return rows, np.nan_to_num(np.log((energy + FLOOR) / (mean + FLOOR)))


def _best_path(scores: np.ndarray) -> tuple[np.ndarray, float]:
    """The column of each row (M,) on the path with the highest sum of scores, and that sum."""
    columns = np.arange(scores.shape[1])
    costs = np.minimum(STEP * abs(columns[:, None] - columns), JUMP)
    total, origins = scores[0], []
    for row in scores[1:]:
        ways = total[:, None] - costs
        origins.append(ways.argmax(0))
        total = ways.max(0) + row
    path = [int(total.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1]), float(total.max())
