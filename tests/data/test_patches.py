"""Patches of consecutive frames."""

import numpy as np
import pytest

from tracknet.data.patches import centred, corners


@pytest.mark.parametrize("length", range(8))
@pytest.mark.parametrize("count", [1, 3, 5])
def test_every_item_is_the_middle_of_its_own(length, count):
    found = list(centred(range(length), count))
    around = np.arange(count) - count // 2
    expected = [(item + around).clip(0, length - 1).tolist() for item in range(length)]
    assert found == expected


def test_a_window_comes_as_soon_as_it_is_whole():
    taken = []
    windows = centred((taken.append(i) or i for i in range(9)), 5)
    assert next(windows) == [0, 0, 0, 1, 2]
    assert taken == [0, 1, 2]


def test_the_point_is_in_the_middle_as_far_as_the_frame_goes():
    points = np.array([[50.4, 30], [0, 0], [99, 59]])
    assert corners(points, (20, 40), (60, 100)).tolist() == [[30, 20], [0, 0], [60, 40]]
