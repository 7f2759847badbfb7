from fractions import Fraction

import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
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
            rows = "" if frame is None else f"{frame},1,9,9\n"
            video.with_suffix(".csv").write_text(f"frame,visibility,x,y\n{rows}")
        paths = {"store": str(tmp_path / "store")}
        config = {"paths": paths, "strict": strict, "max_clips": None, "image_size": SIZE}
        config["fit"] = {"_target_": "tracknet.geometry.Letterbox", "_partial_": True}
        clips = find_clips(config, Generic(tmp_path, {"val": ["val"]}), "val")
        return open_clips(config, clips)

    return opened


def test_a_clip_whose_labels_all_lie_beyond_its_video_is_left_out(split, capsys, caplog):
    (clip,) = split({"a": 1, "b": 7})
    assert clip.clip.name == "val/a"
    beyond, left_out = capsys.readouterr().err.splitlines()
    assert beyond.startswith("warning: clip val/b: 1 label rows, from frame 7 on, lie beyond the 3")
    assert left_out.startswith("warning: clip val/b: none of its labels belongs to a frame of its")
    assert left_out.endswith("; the clip is left out")
    warned = [one.message for one in caplog.records if one.levelname == "WARNING"]
    assert warned == [beyond, left_out]


@pytest.mark.parametrize(
    ("labelled", "message"),
    [
        ({"a": 7}, "none of 1 clips can be used; clip val/a: 1 label rows, from frame 7 on"),
        ({"a": None, "b": None}, r"split val: none of its 2 clips can be used; .*val/a: no frame"),
    ],
)
def test_a_split_without_a_label_that_can_be_used_is_refused(split, labelled, message, capsys):
    with pytest.raises(LabelError, match=message):
        split(labelled)
    assert len(capsys.readouterr().err.splitlines()) == 2  # every problem is shown


@pytest.mark.parametrize(
    ("labelled", "message"), [({"a": 1, "b": 7}, "val/b: 1 label rows"), ({"a": None}, "no frame")]
)
def test_strict_refuses_the_first_problem(split, labelled, message):
    with pytest.raises(LabelError, match=f"{message}.*an error because of strict=true") as error:
        split(labelled, strict=True)
    assert "left out" not in str(error.value)
