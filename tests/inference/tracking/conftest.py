"""Hand-made candidates with known paths."""

import numpy as np
import pytest

AWAY = (5.0, 290.0, 0.01)


@pytest.fixture
def clip():
    """Makes the candidates of a clip from a path and its scores."""

    def make(path, scores, others=None):
        """Candidates (N,3,3): the path's, one far away, and one without a score."""
        found = np.zeros((len(path), 3, 3))
        found[:] = AWAY
        found[:, 2, 2] = 0
        found[:, 0, :2], found[:, 0, 2] = path, scores
        for frame, (x, y, score) in (others or {}).items():
            found[frame, 1] = x, y, score
        order = np.argsort(-found[..., 2], axis=1, kind="stable")
        return np.take_along_axis(found, order[..., None], 1)

    return make


@pytest.fixture
def straight():
    """Makes the (N,2) places of a ball that goes straight on."""

    def make(count, step=(10, 3)):
        return np.array([20.0, 30.0]) + np.arange(count)[:, None] * np.array(step, float)

    return make
