"""Labels moved in time are found by the motion at their places."""

import re

import numpy as np
import pytest

from tracknet.data.checks.time_shift import shift_problems

PARTS = re.compile(r"the labels of frames (\d+) to (\d+) are (\d+) (late|early); ")


def moved(xy, by):
    """Labels that stand `by` frames (a number, or one a frame) after their balls."""
    source = np.arange(len(xy)) - np.rint(np.broadcast_to(by, len(xy))).astype(int)
    inside = (source >= 0) & (source < len(xy))
    labels = np.full_like(xy, np.nan)
    labels[inside] = xy[source[inside]]
    return labels, np.where(inside, 1, -1).astype(np.int8)


@pytest.mark.parametrize("seed", range(3))
def test_labels_in_their_place_raise_no_alarm(rally, seed):
    frames, xy = rally(seed)
    assert shift_problems("a", frames, *moved(xy, 0)) == []


@pytest.mark.parametrize("by", [-6, -1, 1, 3])
def test_a_shift_of_the_whole_clip(rally, by):
    frames, xy = rally()
    (problem,) = shift_problems("a", frames, *moved(xy, by))
    first, last, count, late = PARTS.match(problem.message).groups()
    assert (problem.kind, problem.clip, problem.frame) == ("time_shift", "a", int(first))
    assert int(first) < 30 < 120 < int(last)
    assert (int(count), late) == (abs(by), "late" if by > 0 else "early")
    assert problem.message.endswith(f"; add {-by} to their frame numbers")


@pytest.mark.parametrize("most", [10, -10])
def test_a_drift_inside_a_clip(rally, most):
    frames, xy = rally(count=300)
    problems = shift_problems("a", frames, *moved(xy, np.linspace(0, most, 300)))
    assert len(problems) > 2
    assert {problem.kind for problem in problems} == {"drift"}
    parts = [PARTS.match(problem.message).groups() for problem in problems]
    assert {late for *_, late in parts} == {"late" if most > 0 else "early"}
    found = [int(count) for _, _, count, _ in parts]
    assert found == sorted(found)
    assert found[-1] >= 6


FLIGHTS = ((5, 40), (60, 88), (105, 140), (155, 185))


def in_flights(labels, visibility):
    """Labels of some short flights; between them nobody has looked."""
    seen = np.zeros(len(labels), bool)
    for first, last in FLIGHTS:
        seen[first:last] = True
    return np.where(seen[:, None], labels, np.nan), np.where(seen, visibility, -1)


def test_labels_of_short_flights_that_wander(rally):
    """As far as 16 frames, from flight to flight."""
    frames, xy = rally(count=200)
    by = np.zeros(200)
    for (first, last), shift in zip(FLIGHTS, (3, 16, -4, -15), strict=True):
        by[first:last] = shift
    problems = shift_problems("a", frames, *in_flights(*moved(xy, by)))
    assert {problem.kind for problem in problems} == {"drift"}
    parts = [PARTS.match(problem.message).groups() for problem in problems]
    assert [(int(count), late) for _, _, count, late in parts] == [
        (3, "late"),
        (16, "late"),
        (4, "early"),
        (15, "early"),
    ]
    for (first, last, *_), flight in zip(parts, FLIGHTS, strict=True):
        assert flight[0] <= int(first) <= int(last) < flight[1]


@pytest.mark.parametrize("speed", [1.2, 5.0], ids=["of many frames a second", "of few"])
def test_short_flights_in_their_place_raise_no_alarm(rally, speed):
    frames, xy = rally(count=200, speed=speed)
    assert shift_problems("a", frames, *in_flights(*moved(xy, 0))) == []


@pytest.mark.parametrize(("shown", "problems"), [(12, 0), (150, 1)])
def test_of_a_ball_that_hardly_shows_nothing_is_said(rally, shown, problems):
    """An encoder has swallowed it; chance decides what passes where it was."""
    frames, xy = rally()
    covered = frames.copy()
    for i, (x, y) in enumerate(np.rint(xy).astype(int)[:-shown]):
        patch = np.s_[max(0, y - 5) : y + 6, max(0, x - 5) : x + 6]
        covered[(i, *patch)] = frames[(i + 20, *patch)] if i < 130 else frames[(i - 20, *patch)]
    assert len(shift_problems("a", covered, *moved(xy, -9))) == problems


def test_a_ball_at_rest_tells_nothing(rally):
    frames, xy = rally(speed=0.1)
    assert shift_problems("a", frames, *moved(xy, 3)) == []


def test_without_labels(rally):
    frames, xy = rally(count=40)
    assert shift_problems("a", frames, np.full_like(xy, np.nan), np.zeros(40, np.int8)) == []
    assert shift_problems("a", frames[:2], xy[:2], np.ones(2, np.int8)) == []
