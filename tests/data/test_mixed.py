"""Several datasets as one: whose clip is whose stays known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tracknet.build import build
from tracknet.data.formats.base import LabelError
from tracknet.data.formats.pseudo import Pseudo
from tracknet.data.formats.tennis import Tennis
from tracknet.data.mixed import Mixed
from tracknet.data.splits import LeakError
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.train import train

PARTS = ["data=mixed", "+data@data.parts.first=synthetic", "+data@data.parts.second=synthetic"]


@pytest.fixture
def settings(tiny_data, tiny_network, tmp_path):
    """Two rendered datasets of different seeds, as one."""
    shared = [o for o in tiny_data if not o.startswith("data.")]
    sizes = [
        f"data.parts.{part}.{key}"
        for part in ("first", "second")
        for key in ("frames=12", "size=[90,160]", "clips={train: 2, val: 1, test: 1}")
    ]
    return [*shared, *tiny_network, *PARTS, *sizes, "data.parts.second.seed=1"]


def test_clips_carry_the_name_of_their_part(resolved, settings):
    dataset = build(resolved("train", settings), "data")
    clips, _ = dataset.clips("train")
    assert [clip.name for clip in clips] == [
        f"{part}/train/match1/r0000{i}" for part in ("first", "second") for i in (1, 2)
    ]
    assert {clip.match.split("/")[0] for clip in clips} == {"first", "second"}
    assert len({clip.source for clip in clips}) == 4


def test_one_network_learns_from_both(compose, settings, tmp_path):
    run = tmp_path / "run"
    own = ["sampling=datasets", "+sampling.weights.first=2", "trainer.max_epochs=1"]
    train(compose("train", [*settings, *own, f"paths.output={run}"]))
    scored = [o for o in settings if o.startswith(("paths.", "data", "+data"))]
    evaluate(compose("evaluate", [*scored, f"ckpt={run}", f"paths.output={tmp_path / 'test'}"]))
    rows = (tmp_path / "test" / "predictions.csv").read_text().splitlines()[1:]
    assert {row.split("/")[0] for row in rows} == {"first", "second"}


def test_a_clip_that_parts_have_in_different_splits_is_refused(tmp_path):
    for game in ("game1", "game2", "game3"):
        clip = tmp_path / game / "Clip1"
        clip.mkdir(parents=True)
        cv2.imwrite(str(clip / "0000.jpg"), np.zeros((8, 8, 3), np.uint8))
        header = "file name,visibility,x-coordinate,y-coordinate,status"
        (clip / "Label.csv").write_text(f"{header}\n0000.jpg,1,2,3,0\n")
    one = Tennis(tmp_path, {"train": ["game1", "game2"], "test": ["game3"]})
    other = Tennis(tmp_path, {"train": ["game2"], "test": ["game1"]})
    (tmp_path / "game1" / "Clip1" / "Label.csv").unlink()
    clips, problems = Mixed({"one": one, "twin": one}).clips("train")
    assert [clip.name for clip in clips] == ["one/game2/Clip1", "twin/game2/Clip1"]
    assert [problem.clip for problem in problems] == ["one/game1/Clip1", "twin/game1/Clip1"]
    message = (
        r"clip one/game1/Clip1 of match one/game1 is in both train and test \(there as "
        r"other/game1/Clip1\), .* only one of data.parts.<name>.splits.train and data.parts"
    )
    for split in ("train", "test"):
        with pytest.raises(LeakError, match=message):
            Mixed({"one": one, "other": other}).clips(split)


def test_a_part_may_have_no_clips_for_a_split(resolved, settings):
    config = resolved("train", settings)
    first = build(config, "data").parts["first"]
    pseudo = Pseudo(Path("nowhere"))  # for training alone, and nothing else is asked of it
    clips, _ = Mixed({"first": first, "second": pseudo}).clips("val")
    assert [clip.name for clip in clips] == ["first/val/match1/r00001"]
    with pytest.raises(LabelError, match=r"split=val: pseudo-labels are in train alone"):
        Mixed({"second": pseudo}).clips("val")


def test_without_parts():
    with pytest.raises(LabelError, match=r"has no parts.*\+data@data.parts"):
        Mixed({}).clips("train")
