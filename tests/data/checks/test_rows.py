"""What labels alone give away."""

from dataclasses import replace

import numpy as np
import pytest

from tracknet.data.checks.rows import row_problems
from tracknet.types import Labels

SIZE = (720, 1280)


def labels(count=100, low=(0, 0), high=(1279, 719), unlabelled=()):
    xy = np.random.default_rng(0).uniform(low, high, (count, 2)).astype(np.float32)
    visibility = np.ones(count, np.int8)
    visibility[::7] = 0
    visibility[list(unlabelled)] = -1
    xy[visibility < 1] = np.nan
    return Labels(xy, visibility)


@pytest.mark.parametrize(
    ("found", "frames", "expected"),
    [
        (labels(), 100, []),
        (labels(unlabelled=[40, 41]), 100, [(40, "missing_row")]),
        (labels(unlabelled=range(20, 90)), 100, []),  # labelled here and there on purpose
        (labels(), 120, [(100, "label_count")]),
        (labels(unlabelled=[40]), 120, [(40, "missing_row"), (100, "label_count")]),
        (labels(unlabelled=range(20, 90)), 120, []),
        (labels(0), 120, []),
        (replace(labels(), rest=0), 120, []),  # CVAT's, that state no length
        (labels(high=(1, 1)), 100, [(None, "normalised")]),
        (labels(high=(719, 1279)), 100, [(None, "swapped")]),
    ],
    ids=[
        "sound",
        "holes",
        "sparse",
        "too few",
        "too few, holes",
        "too few, sparse",
        "none",
        "open",
        "normalised",
        "swapped",
    ],
)
def test_rows(found, frames, expected):
    problems = list(row_problems("a", found, frames, SIZE))
    assert [(problem.frame, problem.kind) for problem in problems] == expected
    assert all(problem.clip == "a" for problem in problems)


def test_shares_are_to_be_multiplied():
    """A layout of its own pixels has no setting that would do it."""
    (problem,) = row_problems("a", labels(high=(1, 1)), 100, SIZE)
    assert problem.message.endswith("not pixels; multiply x by 1280 and y by 720")
