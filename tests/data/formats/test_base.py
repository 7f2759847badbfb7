import numpy as np
import pytest

from tracknet.data.formats.base import fit_labels
from tracknet.types import Clip, Labels


def clip(xy, visibility):
    labels = Labels(np.array(xy, np.float32), np.array(visibility, np.int8))
    return Clip("test/a", "test", None, labels)


def test_rows_beyond_the_video_are_reported_and_dropped():
    given = clip([(1, 1), (2, 2), (3, 3), (4, 4)], [1, 1, -1, 1])
    labels, (problem,) = fit_labels(given, 2, (10, 20))
    assert (problem.kind, problem.clip, problem.frame) == ("row_beyond_video", "test/a", 3)
    assert "test/a: 1 label rows, from frame 3 on, lie beyond the 2 frames" in problem.message
    assert labels.visibility.tolist() == [1, 1]


@pytest.mark.parametrize("outside", [(-0.6, 5), (19.6, 5), (5, -0.6), (5, 9.6)])
def test_balls_outside_the_picture_are_reported_and_not_used(outside):
    given = clip([(-0.5, -0.5), outside, (19.5, 9.5), (np.nan, np.nan)], [1, 2, 1, 0])
    labels, (problem,) = fit_labels(given, 4, (10, 20))
    assert (problem.kind, problem.clip, problem.frame) == ("out_of_frame", "test/a", 1)
    assert "1 balls lie outside the 20x10 picture, the first in frame 1" in problem.message
    assert labels.visibility.tolist() == [1, -1, 1, 0]
    assert np.isnan(labels.xy[1]).all()
    assert given.labels.visibility[1] == 2  # the clip's own labels stay as they were read


def test_good_labels_pass_in_silence():
    labels, problems = fit_labels(clip([(1, 1)], [1]), 3, (10, 20))
    assert not problems
    assert labels.visibility.tolist() == [1, -1, -1]
    assert labels.size == (10, 20)
