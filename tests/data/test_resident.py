"""Frames that stay on the device are the frames of the store."""

import pytest
import torch

from tracknet.data.resident import ResidentFrames, size_of, stays_resident
from tracknet.data.window_dataset import WindowDataset

CPU = torch.device("cpu")


@pytest.mark.parametrize("background", [False, True])
def test_batches_are_those_of_the_store(stored, background):
    clips = [stored("a", 9), stored("short", 2), stored("b", 5, first=3)]
    windows = WindowDataset(clips, 4, background=background)
    keys = [0, 5, 6, 7, 8]
    expected = windows.batch(keys)
    windows.pixels = False
    batch = windows.batch(keys)
    assert "pictures" not in batch
    ResidentFrames(clips, background, CPU).add_to(batch)
    assert batch.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(batch[name].nan_to_num(-1), value.nan_to_num(-1)), name


def test_a_cpu_reads_from_the_store_unless_told_otherwise(stored):
    clips = [stored("a", 3)]
    assert size_of(clips) == 3 * 32 * 64 * 3
    assert not stays_resident("auto", clips, CPU)
    assert stays_resident(True, clips, CPU)
    assert not stays_resident(False, clips, CPU)
