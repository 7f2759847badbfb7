from fractions import Fraction

import numpy as np
import pytest

from tracknet.data.formats.base import DataWarning, LabelError
from tracknet.data.formats.generic import Generic
from tracknet.pipelines.common import find_clips, open_clips
from tracknet.video import VideoWriter

SIZE = (32, 64)


@pytest.fixture
def split(tmp_path):
    """Opens a split of videos of three frames, each with a ball labelled in one frame."""

    def opened(labelled, strict=False):
        for name, frame in labelled.items():
            video = tmp_path / "val" / f"{name}.mp4"
            video.parent.mkdir(exist_ok=True)
            with VideoWriter(video, SIZE, Fraction(30)) as writer:
                for _ in range(3):
                    writer.write(np.zeros((*SIZE, 3), np.uint8))
            video.with_suffix(".csv").write_text(f"frame,visibility,x,y\n{frame},1,9,9\n")
        paths = {"store": str(tmp_path / "store")}
        config = {"paths": paths, "strict": strict, "max_clips": None}
        clips = find_clips(config, Generic(tmp_path, {"val": ["val"]}), "val")
        return open_clips(config, clips, SIZE)

    return opened


def test_a_clip_whose_labels_all_lie_beyond_its_video_is_left_out(split):
    with pytest.warns(DataWarning, match="val/b is left out: none of its labels belongs"):
        (clip,) = split({"a": 1, "b": 7})
    assert clip.clip.name == "val/a"


@pytest.mark.filterwarnings("ignore:clip val/a. 1 label rows")
def test_a_split_without_a_label_that_can_be_used_is_refused(split):
    with pytest.raises(LabelError, match="none of 1 clips can be used; val/a: none of its labels"):
        split({"a": 7})


def test_strict_refuses_the_first_problem(split):
    with pytest.raises(LabelError, match=r"val/b: 1 label rows.*an error because of strict=true"):
        split({"a": 1, "b": 7}, strict=True)
