import numpy as np
import pytest
from torch.utils.data import DataLoader

from tracknet.training.order import EpochSampler


def order(epoch, used=0, length=20, seed=0, **share):
    return list(EpochSampler(length, seed, lambda: (epoch, used), **share))


def test_every_sample_once_with_its_epoch():
    found = order(epoch=3)
    assert {epoch for epoch, _ in found} == {3}
    assert sorted(index for _, index in found) == list(range(20))
    assert [index for _, index in found] != list(range(20))


def test_a_pure_function_of_seed_and_epoch():
    assert order(3) == order(3)
    assert [i for _, i in order(3)] != [i for _, i in order(4)]
    assert [i for _, i in order(3, seed=0)] != [i for _, i in order(3, seed=1)]


def test_a_resumed_epoch_goes_on_where_it_stopped():
    assert order(2, used=8) == order(2)[8:]
    assert order(2, used=20) == []
    assert len(EpochSampler(20, 0, lambda: (2, 8))) == 20


def test_weighted_draws_are_a_pure_function_of_seed_and_epoch_too():
    probabilities = np.array([0.0, 0.1, 0.9])

    def drawn(epoch, used=0):
        sampler = EpochSampler(3, 0, lambda: (epoch, used), probabilities)
        return [index for _, index, _ in sampler]

    assert drawn(3) == drawn(3)
    assert drawn(3, used=1) == drawn(3)[1:]
    shares = np.bincount(np.ravel([drawn(epoch) for epoch in range(1000)]), minlength=3) / 3000
    assert shares == pytest.approx(probabilities, abs=0.03)


def test_what_is_drawn_again_is_told_apart_by_its_position():
    def keys(used=0):
        return list(EpochSampler(20, 0, lambda: (3, used), np.full(20, 0.05)))

    assert len({index for _, index, _ in keys()}) < 20
    assert [position for _, _, position in keys()] == list(range(20))
    assert keys(used=8) == keys()[8:]


def test_the_position_is_asked_for_when_an_iterator_is_made():
    position = [0, 0]
    sampler = EpochSampler(20, 0, lambda: tuple(position))
    first = iter(sampler)
    position[:] = 1, 4
    assert list(first) == order(0)
    assert list(sampler) == order(1)[4:]


def test_a_loader_passes_epoch_and_index_on():
    class Echo:
        def __getitem__(self, key):
            return key

    sampler = EpochSampler(10, 0, lambda: (5, 4))
    batches = list(DataLoader(Echo(), 4, sampler=sampler, drop_last=True))
    assert len(batches) == 1
    epochs, indices = batches[0]
    assert [*zip(epochs.tolist(), indices.tolist(), strict=True)] == order(5, 4, 10)[:4]


@pytest.mark.parametrize("probabilities", [None, np.full(20, 0.05)])
@pytest.mark.parametrize("used", [0, 6])
def test_devices_take_turns_and_as_many_samples_each(probabilities, used):
    shares = [
        order(2, used, probabilities=probabilities, rank=rank, devices=3) for rank in range(3)
    ]
    whole = order(2, used, probabilities=probabilities)[: 18 - used]
    assert [key for turn in zip(*shares, strict=True) for key in turn] == whole
    assert len(EpochSampler(20, 0, lambda: (2, used), rank=1, devices=3)) == 6
