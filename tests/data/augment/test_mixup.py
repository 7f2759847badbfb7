"""Two windows over each other have two balls."""

import torch

from tracknet.data.augment.mixup import mix


def batch(count):
    levels = torch.arange(count) / count
    pictures = levels.view(-1, 1, 1, 1, 1).repeat(1, 2, 3, 4, 4)
    xy = torch.arange(count * 4, dtype=torch.float32).view(count, 2, 2)
    visibility = torch.tensor([[1, -1]] * count, dtype=torch.int8)
    return pictures, xy, visibility


def test_a_window_is_laid_over_those_that_drew_one():
    pictures, xy, visibility = batch(4)
    amounts = torch.tensor([[0.4, 0.0], [0.5, 0.99], [0.0, 0.3], [0.6, 0.5]])
    mixed, second, seen = mix(pictures.clone(), xy, visibility, amounts)
    partner = [1, 0, 3, 1]
    for i, (share, j) in enumerate(zip(amounts[:, 0], partner, strict=True)):
        torch.testing.assert_close(mixed[i], pictures[i].lerp(pictures[j], share))
        if share:
            assert second[i].equal(xy[j])
    assert seen.tolist() == [[1, -1], [1, -1], [0, 0], [1, -1]]


def test_a_window_is_never_its_own_partner():
    pictures, xy, visibility = batch(5)
    for where in torch.linspace(0, 0.9999, 30):
        _, second, _ = mix(pictures.clone(), xy, visibility, torch.tensor([[0.5, where]] * 5))
        assert not (second == xy).all(-1).any()
