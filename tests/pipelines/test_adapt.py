"""Self-training from unlabelled videos to a run, and the way back."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.pseudo import Pseudo, read_index
from tracknet.errors import InputError
from tracknet.inference.selection import Confident
from tracknet.inference.tracking import OfflineTracker
from tracknet.pipelines.adapt import adapt
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.pseudo_labels import counts_of, label_videos, reasons_of
from tracknet.record import Record, read_checkpoint, rewrite
from tracknet.video import VideoWriter

ANY = [
    *("selection.score=0", "selection.frames=2", "selection.travel=0", "selection.turn=1"),
    *("selection.reach=1", "trainer.max_epochs=1", "trainer.limit_train_batches=2"),
]
"""Whatever a network without training finds is taken."""
BIAS = "model.head.logits.bias"


@pytest.fixture
def teacher(tiny_run, tmp_path):
    """A checkpoint that is certain of balls everywhere: the tiny run has learnt next to nothing."""
    checkpoint = read_checkpoint(tiny_run)
    checkpoint["state_dict"][BIAS] += 6
    file = tmp_path / "teacher.ckpt"
    rewrite(file, checkpoint)
    return file


@pytest.fixture
def settings(tiny_data, teacher, tmp_path):
    """The overrides of an adaptation to the video of the validation clip."""
    paths = [o for o in tiny_data if o.startswith("paths.")]
    [synthetic] = [o.partition("=")[2] for o in paths if o.startswith("paths.synthetic")]
    source, output = f"source={synthetic}/*/val", f"paths.output={tmp_path / 'adapted'}"
    return [*paths, f"ckpt={teacher}", source, *ANY, output]


@pytest.mark.slow
def test_from_videos_to_a_run_and_the_way_back(compose, settings, teacher, tmp_path):
    output = tmp_path / "adapted"
    result = adapt(compose("adapt", [*settings, "tolerance=1"]))
    assert result["kept"]
    assert result["videos"] == {"r00001": {"ball": 24, "no ball": 0, "left out": 0}}
    assert json.loads((output / "adaptation.json").read_text()) == result
    assert "a long, smooth path" in (output / "adaptation.html").read_text()
    assert (output / "reference" / "comparison.html").is_file()
    trained, before = read_checkpoint(output), read_checkpoint(teacher)
    data = Record.of(trained).config["data"]["parts"]
    assert data["own"] == Record.of(before).config["data"]
    assert not torch.equal(trained["state_dict"][BIAS], before["state_dict"][BIAS])
    # A run like any other: its data is known, and what was trained is scored.
    evaluate(compose("evaluate", [*settings[:2], f"ckpt={output}", f"paths.output={tmp_path}/e"]))
    with pytest.raises(InputError, match="holds a whole adaptation"):
        adapt(compose("adapt", settings))

    # What the old network says is right here, so that any other is worse.
    reference = tmp_path / "reference"
    reference.mkdir()
    [source] = [Path(video["source"]) for video in read_index(output / "labels")["videos"].values()]
    shutil.copy(source, reference)
    shutil.copy(output / "labels" / "r00001.csv", reference)
    again = [*settings, f"reference={reference}", f"paths.output={tmp_path / 'back'}", "rate=10"]
    with pytest.raises(SystemExit, match=r"fell from 1.000 to 0\.\d+ .*/rejected.ckpt"):
        adapt(compose("adapt", again))
    kept = read_checkpoint(tmp_path / "back")
    assert torch.equal(kept["state_dict"][BIAS], before["state_dict"][BIAS])
    rejected = read_checkpoint(tmp_path / "back" / "checkpoints" / "rejected.ckpt")
    assert not torch.equal(rejected["state_dict"][BIAS], before["state_dict"][BIAS])
    assert not json.loads((tmp_path / "back" / "adaptation.json").read_text())["kept"]


def dots(path, frames=20):
    """A video of a dot that moves by 4 pixels to the right and 1 down a frame, from (20, 30)."""
    with VideoWriter(path, (96, 160), Fraction(25)) as writer:
        for i in range(frames):
            picture = np.zeros((96, 160, 3), np.uint8)
            picture[27 + i : 34 + i, 17 + 4 * i : 24 + 4 * i] = 255
            writer.write(picture)
    return path


def test_tables_beside_the_reasons(predictor, tmp_path):
    """A file that is no video is named, and does not end the others; nothing is done twice."""
    good, bad = dots(tmp_path / "good.mp4"), tmp_path / "bad.mp4"
    bad.write_text("a good rally, long\n" * 60)
    finder = predictor(threshold=0.3, tracker=OfflineTracker())
    folder, made_by = tmp_path / "labels", {"network": "a"}
    videos, broken = label_videos(finder, Confident(), [bad, good], folder, made_by)
    assert len(broken) == 1
    assert broken[0].startswith(f"{bad}: ")
    assert [kind for *_, kind, _, _ in videos["good"]["segments"]] == ["ball"]
    assert reasons_of(videos) == [("ball", "a long, smooth path", 1, 20)]
    [clip], problems = Pseudo(folder).clips("train")
    assert (clip.name, clip.source, problems) == ("good", good, [])
    assert clip.labels.visibility.tolist() == [1] * 20
    i = np.arange(20)
    np.testing.assert_allclose(clip.labels.xy, np.stack([20 + 4 * i, 30 + i], 1), atol=1.5)

    nobody: Any = None
    again, _ = label_videos(nobody, Confident(), [good], folder, made_by)
    assert again == read_index(folder)["videos"] == json.loads(json.dumps(videos))
    with pytest.raises(AttributeError):  # another network, which has to look itself
        label_videos(nobody, Confident(), [good], folder, {"network": "b"})


def test_a_video_without_labels_is_no_clip(predictor, tmp_path):
    finder = predictor(threshold=0.3, tracker=OfflineTracker())
    video, folder = dots(tmp_path / "short.mp4", frames=5), tmp_path / "labels"
    videos, _ = label_videos(finder, Confident(), [video], folder, {})
    assert counts_of(videos["short"]["segments"]) == {"ball": 0, "no ball": 0, "left out": 5}
    with pytest.raises(LabelError, match="of no video anything was labelled"):
        Pseudo(folder).clips("train")
