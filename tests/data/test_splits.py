from dataclasses import replace
from pathlib import Path

import numpy as np

from tracknet.data.splits import split_sha256
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
