"""Labels beside their balls are found by the blobs that move there."""

import numpy as np
import pytest

from tracknet.data.checks.offset import Blobs, Offset, find_blobs, label_offset, offset_problems
from tracknet.geometry import Letterbox

FIT = Letterbox((288, 512), (144, 256))


@pytest.fixture
def offset_of(rally):
    """The offset of labels that sit by `beside` original pixels from balls, `lead` frames ahead."""

    def measure(beside=(0, 0), lead=0.0, seed=0):
        frames, xy = rally(seed, count=130)
        xy = FIT.to_original(xy)
        labels = xy + np.array(beside) + lead * np.gradient(xy, axis=0)
        visibility = np.ones(len(xy), np.int8)
        return label_offset(find_blobs(frames, FIT, labels.astype(np.float32), visibility))

    return measure


@pytest.mark.parametrize("beside", [(0, 0), (2.8, 2.0), (-0.7, 0)])
def test_an_offset_is_measured_to_a_part_of_a_pixel(offset_of, beside):
    found = offset_of(beside)
    assert found.xy == pytest.approx(beside, abs=0.15)
    assert (abs(found.xy - beside) < 4 * found.error + 0.05).all()
    assert (found.error < 0.1).all()
    assert found.lead == pytest.approx(0, abs=0.03)


def test_labels_ahead_of_the_motion_are_told_from_those_beside_it(offset_of):
    found = offset_of((0.5, -1), lead=0.2)
    assert found.xy == pytest.approx((0.5, -1), abs=0.15)
    assert found.lead == pytest.approx(0.2, abs=0.03)


def test_what_else_moves_and_absent_balls_do_not_sway_it(rally):
    frames, xy = rally(count=200)
    labels = FIT.to_original(xy)
    labels[::8] += (9, -14)  # of a racket, say
    visibility = np.ones(len(xy), np.int8)
    visibility[50:60], labels[50:60] = 0, (300, 200)
    found = label_offset(find_blobs(frames, FIT, labels.astype(np.float32), visibility))
    assert found.xy == pytest.approx((0, 0), abs=0.15)
    assert found.count <= 186


def test_too_few_labels_have_no_offset(rally):
    frames, xy = rally(count=60)
    labels = FIT.to_original(xy).astype(np.float32)
    none = find_blobs(frames[:2], FIT, labels[:2], np.ones(2, np.int8))
    few = find_blobs(frames, FIT, labels, np.ones(60, np.int8))
    assert len(none) == 0 < len(few)
    assert label_offset(Blobs.joined([none, few])) is None
    assert label_offset(Blobs.joined([])) is None
    assert not list(offset_problems(None, {}))


def at(x, y, error=0.1):
    return Offset(np.array([x, y]), np.full(2, error), 0.0, 0.01, 500)


def test_an_offset_is_a_problem_where_it_is_large_and_certain():
    assert not list(offset_problems(at(-0.7, 0), {"a": at(-0.7, 0)}))
    assert not list(offset_problems(at(2.8, 2.0, error=0.7), {}))
    (problem,) = offset_problems(at(2.8, -2.0), {"a": at(2.8, -2.0)})
    assert (problem.kind, problem.clip, problem.frame) == ("label_offset", "", None)
    assert problem.message == (
        "all labels sit 2.8 px right of (error 0.1) and 2.0 px above (error 0.1) what moves; add "
        "-2.8 to x and 2.0 to y"
    )


def test_a_match_beside_the_others_is_named():
    (problem,) = offset_problems(at(-0.7, 0), {"a": at(-0.7, 0), "b": at(-2.8, 2.0)})
    assert problem.message.startswith("labels of match b sit 2.8 px left of")


def test_stretches_of_several_clips_stay_apart(rally):
    frames, xy = rally(count=130)
    labels = FIT.to_original(xy).astype(np.float32)
    one = find_blobs(frames, FIT, labels, np.ones(130, np.int8))
    both = Blobs.joined([one, one])
    assert len(np.unique(both.turn)) == 2 * len(np.unique(one.turn))
    assert (np.diff(both.turn) >= 0).all()
