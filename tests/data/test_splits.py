from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tracknet.data.splits import LeakError, refuse_leaks, split_sha256
from tracknet.types import Clip, Labels


def clip(name, x=1.0, visible=1):
    xy = np.array([[x, 2], [np.nan, np.nan]], np.float32)
    return Clip(name, "m", Path(name), Labels(xy, np.array([visible, 0], np.int8)))


def test_names_and_labels_make_a_split():
    known = split_sha256([clip("a"), clip("b")])
    assert len(known) == 64
    assert known == split_sha256(iter([clip("b"), clip("a")]))
    others = [
        [clip("a")],
        [clip("a"), clip("c")],
        [clip("a", x=1.1), clip("b")],
        [clip("a", visible=2), clip("b")],
        [clip("a", x=3.0), clip("b", x=1.0)],
        [clip("a", x=1.0), clip("b", x=3.0)],
    ]
    assert len({known, *map(split_sha256, others)}) == 7


def test_where_the_data_lie_does_not_matter():
    moved = replace(clip("a"), source=Path("/elsewhere"))
    assert split_sha256([moved]) == split_sha256([clip("a")])


def places(root, *names):
    return {root / name: (name, name.rpartition("/")[0]) for name in names}


def test_a_clip_in_two_splits_is_refused(tmp_path):
    splits = {
        "train": places(tmp_path, *(f"game1/Clip{i}" for i in range(5)), "game2/Clip0"),
        "val": places(tmp_path, "game2/Clip1"),
        "test": places(tmp_path, *(f"game1/Clip{i}" for i in range(4)), "game3/Clip0"),
    }
    with pytest.raises(LeakError) as refused:
        refuse_leaks(splits)
    message = str(refused.value)
    assert "clip game1/Clip0, game1/Clip1, game1/Clip2 and 1 more of match game1 is in" in message
    assert "in both train and test" in message
    assert "one of data.splits.train and data.splits.test" in message
    del splits["test"]
    refuse_leaks(splits)  # a match may be shared by clip, when the split is by clip


def test_a_link_is_the_clip_that_it_leads_to(tmp_path):
    (tmp_path / "train" / "match1").mkdir(parents=True)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "match7").symlink_to(tmp_path / "train" / "match1")
    splits = {
        "train": places(tmp_path, "train/match1/a"),
        "test": places(tmp_path, "test/match7/a"),
    }
    with pytest.raises(LeakError, match="train/match1/a of match train/match1 is in both"):
        refuse_leaks(splits)
