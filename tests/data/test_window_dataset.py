import pickle
from itertools import combinations

import numpy as np
import pytest
from torch.utils.data import DataLoader

from tracknet.data.augment import Augmentation, Blur, Colour, Mixup, Noise, Occlude, Reverse, Warp
from tracknet.data.batch import Batch
from tracknet.data.window_dataset import WindowDataset, collated
from tracknet.training.order import EpochSampler


def sample_of(windows, key):
    """A batch of this key alone, without B."""
    return first(windows.batch([key]))


def first(batch):
    return {
        name: first(value) if isinstance(value, dict) else value[0] for name, value in batch.items()
    }


def test_a_sample_is_a_piece_of_its_clip(stored):
    clips = [stored("a", 4), stored("b", 5)]
    windows = WindowDataset(clips, 3, background=True)
    assert windows.windows == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
    sample = sample_of(windows, 4)
    pictures = sample["pictures"].numpy()
    assert np.array_equal(pictures[0], clips[1].background)
    assert np.array_equal(pictures[1:], clips[1].frames[2:5])
    assert np.array_equal(sample["xy"].numpy(), clips[1].network_xy[2:5, None])
    assert sample["visibility"].tolist() == [[1], [1], [1]]
    assert sample["window"].tolist() == [1, 2]
    assert sample["rows"].tolist() == [2, 3, 4]
    assert sample_of(windows, 0)["visibility"].tolist() == [[1], [0], [1]]
    assert sample_of(windows, 0)["xy"][1].isnan().all()
    sample["pictures"][:] = 0  # a copy: the store is untouched
    assert clips[1].frames[2:5].min() > 0


def test_a_short_clip_repeats_its_last_frame_unlabelled(stored):
    clip = stored("a", 2)
    windows = WindowDataset([clip], 4)
    assert len(windows) == 1
    sample = sample_of(windows, 0)
    assert np.array_equal(sample["pictures"], clip.frames[[0, 1, 1, 1]])
    assert sample["visibility"].tolist() == [[1], [0], [-1], [-1]]
    assert sample["rows"].tolist() == [0, 1, 1, 1]
    assert sample["xy"].shape == (4, 1, 2)


def test_a_batch_is_its_samples(stored):
    windows = WindowDataset([stored("a", 4), stored("b", 2)], 3, background=True)
    batch = windows.batch([2, 0, (3, 1)])
    assert {name: tuple(value.shape) for name, value in batch.items()} == {
        "pictures": (3, 4, 32, 64, 3),
        "xy": (3, 3, 1, 2),
        "visibility": (3, 3, 1),
        "window": (3, 2),
        "rows": (3, 3),
    }
    for i, key in enumerate((2, 0, 1)):
        assert same({name: value[i] for name, value in batch.items()}, sample_of(windows, key))


def test_windows_without_a_label_are_left_out(stored):
    clips = [stored("a", 8, labelled=2), stored("b", 3, labelled=0), stored("c", 3)]
    assert WindowDataset(clips, 3).windows == [(0, 0), (0, 1), (2, 0)]
    assert WindowDataset(clips, 3, step=3).windows == [(0, 0), (2, 0)]


STRONG = Augmentation(
    {
        "warp": Warp((16, 32), scale=1.5, rotation=10),
        "reverse": Reverse(0.5),
        "occlude": Occlude(0.5),
        "mixup": Mixup(0.5),
        "colour": Colour(tint=0.1, gamma=1.3),
        "blur": Blur(1.0, 1.0),
        "noise": Noise(0.1),
    }
)


@pytest.fixture
def augmented(stored):
    clip = stored("a", 9)
    return lambda seed=0: WindowDataset([clip], 3, augmentation=STRONG, seed=seed)


def same(one, other):
    """Whether two samples or batches are equal, NaN beside NaN."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


def test_a_sample_is_a_pure_function_of_seed_epoch_and_index(augmented):
    windows = augmented()
    expected = sample_of(windows, (2, 5))
    for other in ([2, 4], [1, 5], [0, 0]):
        assert not same(sample_of(windows, tuple(other))["augmentation"], expected["augmentation"])
    assert not same(sample_of(augmented(seed=1), (2, 5))["augmentation"], expected["augmentation"])
    # Whatever was asked for in between, and in a dataset built anew.
    for again in (sample_of(windows, (2, 5)), sample_of(augmented(), (2, 5))):
        assert same(again, expected)
    assert same(sample_of(windows, 5)["augmentation"], sample_of(windows, (0, 5))["augmentation"])


def test_a_window_that_is_drawn_again_is_augmented_anew(augmented):
    probabilities = np.array([0.5, 0.5, 0, 0, 0, 0, 0])

    def epoch(used=0):
        sampler = EpochSampler(7, 0, lambda: (2, used), probabilities)
        return list(DataLoader(augmented(), 1, sampler=sampler, collate_fn=collated))

    drawn = [sample["augmentation"] for sample in epoch()]
    assert not any(same(one, other) for one, other in combinations(drawn, 2))
    assert all(same(*pair) for pair in zip(epoch(used=3), epoch()[3:], strict=True))


def test_windows_that_come_once_keep_their_augmentation(augmented):
    sample = sample_of(augmented(seed=5), (3, 4))
    balls = sample["xy"][sample["visibility"] > 0].numpy()
    expected = STRONG.draw(np.random.default_rng([5, 3, 4]), (32, 64), balls)
    assert len(balls) == 2
    assert same(sample["augmentation"], expected)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_change_nothing(augmented, workers):
    keys = [(3, index) for index in (4, 0, 6, 2, 1, 5)]

    def batches(number):
        loader = DataLoader(augmented(), 3, sampler=keys, num_workers=number, collate_fn=collated)
        return [(raw, STRONG.apply(Batch.of(raw), raw["augmentation"])) for raw in loader]

    for (one, ours), (other, theirs) in zip(batches(0), batches(workers), strict=True):
        assert same(one, other)
        assert same(vars(ours), vars(theirs))


def test_it_survives_the_way_into_another_process(stored):
    windows = WindowDataset([stored("a", 9)], 3, 1, True, STRONG)
    assert same(sample_of(pickle.loads(pickle.dumps(windows)), (2, 5)), sample_of(windows, (2, 5)))


@pytest.mark.slow
def test_spawned_workers_give_the_same_samples(stored):
    # As on macOS and Windows: what a worker needs is pickled into a new process.
    windows = WindowDataset([stored("a", 9)], 3, 1, True, STRONG)
    here = list(DataLoader(windows, 2, collate_fn=collated))
    spawned = {"num_workers": 1, "multiprocessing_context": "spawn", "collate_fn": collated}
    there = list(DataLoader(windows, 2, **spawned))
    assert len(here) == len(there) == 4
    for expected, got in zip(here, there, strict=True):
        assert same(expected, got)
