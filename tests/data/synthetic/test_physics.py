from itertools import pairwise

import numpy as np
import pytest

from tracknet.data.synthetic.physics import flight, rally

COURT = (10.0, 20.0)


@pytest.mark.parametrize("bounces", [0.0, 0.5, 1.0])
def test_a_rally_is_continuous_and_stays_above_the_ground(bounces):
    arcs = rally(np.random.default_rng(3), COURT, bounces, 0.0, 5.0).arcs
    for before, after in pairwise(arcs):
        assert before.end == after.start
        np.testing.assert_allclose(before.at(np.array([before.end]))[0], after.origin, atol=1e-9)
    for arc in arcs:
        assert arc.at(np.linspace(arc.start, arc.end, 50))[:, 2].min() > 0


def test_every_shot_crosses_the_net():
    hits = rally(np.random.default_rng(0), COURT, 0.5, 0.0, 8.0).hits
    assert len(hits) > 4
    assert all(a.side == -b.side for a, b in pairwise(hits))
    assert all(np.sign(hit.place[1]) == hit.side for hit in hits[1:])


@pytest.mark.parametrize("seed", range(8))
def test_the_ball_is_away_for_exactly_the_pause(seed):
    times = np.arange(0, 4, 0.001)
    path = flight(np.random.default_rng(seed), COURT, 0.5, 4.0, 0.9).at(times)
    assert np.isnan(path[:, 0]).mean() == pytest.approx(0.9 / 4, abs=0.002)
