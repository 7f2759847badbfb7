from itertools import combinations

import numpy as np
import pytest
from torch.utils.data import DataLoader
from tracknet.data.windows import WindowDataset, collated, window_starts
from tracknet.training.sampler import EpochSampler

from tracknet.data.augment import Augmentation
from tracknet.data.batch import prepare_batch


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("frames", [1, 3, 4])
def test_windows_cover_every_frame(length, frames):
    for step in range(1, frames + 1):
        starts = window_starts(length, frames, step)
        assert starts == sorted(set(starts))
        assert {s + i for s in starts for i in range(frames)} >= set(range(length))
        assert starts[-1] + frames == max(length, frames)
        assert all(start % step == 0 for start in starts[:-1])


def test_the_last_window_is_shifted_back():
    assert window_starts(7, 3, 3) == [0, 3, 4]
    assert window_starts(6, 3, 3) == [0, 3]
    assert window_starts(2, 3, 3) == [0]


def test_a_sample_is_a_piece_of_its_clip(stored):
    clips = [stored("a", 4), stored("b", 5)]
    windows = WindowDataset(clips, 3, background=True)
    assert windows.windows == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
    sample = windows[4]
    assert np.array_equal(sample["frames"], clips[1].frames[2:5])
    assert np.array_equal(sample["background"], clips[1].background)
    assert np.array_equal(sample["xy"], clips[1].network_xy[2:5])
    assert sample["visibility"].tolist() == [1, 1, 1]
    assert sample["window"].tolist() == [1, 2]
    assert windows[0]["visibility"].tolist() == [1, 0, 1]
    assert np.isnan(windows[0]["xy"][1]).all()
    sample["frames"][:] = 0  # a copy: the store is untouched
    assert clips[1].frames[2:5].min() > 0


def test_a_short_clip_repeats_its_last_frame_unlabelled(stored):
    clip = stored("a", 2)
    (sample,) = (WindowDataset([clip], 4)[i] for i in range(1))
    assert np.array_equal(sample["frames"], clip.frames[[0, 1, 1, 1]])
    assert sample["visibility"].tolist() == [1, 0, -1, -1]
    assert sample["xy"].shape == (4, 2)


def test_windows_without_a_label_are_left_out(stored):
    clips = [stored("a", 8, labelled=2), stored("b", 3, labelled=0), stored("c", 3)]
    assert WindowDataset(clips, 3).windows == [(0, 0), (0, 1), (2, 0)]
    assert WindowDataset(clips, 3, step=3).windows == [(0, 0), (2, 0)]


STRONG = Augmentation(
    crop=(16, 32),
    scale=1.5,
    rotation=10,
    reverse=0.5,
    tint=0.1,
    gamma=1.3,
    blur=1.0,
    motion_blur=1.0,
    noise=0.1,
    occlude=0.5,
    mixup=0.5,
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
    expected = windows[2, 5]
    for other in ([2, 4], [1, 5], [0, 0]):
        assert not same(windows[tuple(other)]["augmentation"], expected["augmentation"])
    assert not same(augmented(seed=1)[2, 5]["augmentation"], expected["augmentation"])
    # Whatever was asked for in between, and in a dataset built anew.
    for again in (windows[2, 5], augmented()[2, 5]):
        assert same(again, expected)
    assert same(windows[5]["augmentation"], windows[0, 5]["augmentation"])


def test_a_window_that_is_drawn_again_is_augmented_anew(augmented):
    probabilities = np.array([0.5, 0.5, 0, 0, 0, 0, 0])

    def epoch(used=0):
        sampler = EpochSampler(7, 0, lambda: (2, used), probabilities)
        return list(DataLoader(augmented(), 1, sampler=sampler, collate_fn=collated))

    drawn = [sample["augmentation"] for sample in epoch()]
    assert not any(same(one, other) for one, other in combinations(drawn, 2))
    assert all(same(*pair) for pair in zip(epoch(used=3), epoch()[3:], strict=True))


def test_windows_that_come_once_keep_their_augmentation(augmented):
    sample = augmented(seed=5)[3, 4]
    xy, visibility = sample["xy"].numpy(), sample["visibility"].numpy()
    expected = STRONG.draw(np.random.default_rng([5, 3, 4]), (32, 64), xy, visibility)
    assert same(sample["augmentation"], expected)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_change_nothing(augmented, workers):
    keys = [(3, index) for index in (4, 0, 6, 2, 1, 5)]

    def batches(number):
        loader = DataLoader(augmented(), 3, sampler=keys, num_workers=number, collate_fn=collated)
        return [(raw, prepare_batch(raw, STRONG)) for raw in loader]

    for (one, ours), (other, theirs) in zip(batches(0), batches(workers), strict=True):
        assert same(one, other)
        assert same(vars(ours) | {"second": None}, vars(theirs) | {"second": None})
        assert all(same(*pair) for pair in zip(ours.second, theirs.second, strict=True))


def test_spawned_workers_give_the_same_samples(stored):
    # As on macOS and Windows: what a worker needs is pickled into a new process.
    windows = WindowDataset([stored("a", 9)], 3, 1, True, Augmentation(flip=0.5, scale=1.2))
    here = list(DataLoader(windows, 2, collate_fn=collated))
    spawned = {"num_workers": 1, "multiprocessing_context": "spawn", "collate_fn": collated}
    there = list(DataLoader(windows, 2, **spawned))
    assert len(here) == len(there) == 4
    for expected, got in zip(here, there, strict=True):
        assert same(expected, got)
