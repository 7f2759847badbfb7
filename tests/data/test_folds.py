"""Clips of one match are left out of train and val, whichever of the two they are in."""

import shutil

import pytest

from tracknet.build import build
from tracknet.data.folds import Fold
from tracknet.data.formats.base import Dataset
from tracknet.data.formats.generic import Generic
from tracknet.data.formats.shuttlecock import Shuttlecock
from tracknet.data.mixed import Mixed
from tracknet.data.splits import refuse_leaks
from tracknet.data.synthetic.dataset import Synthetic
from tracknet.errors import InputError
from tracknet.pipelines.common import open_dataset

SPLITS = {"train": ["train"], "val": ["val"], "test": ["test"]}
CLIPS = (
    *("train/match1/a", "train/match1/b", "train/match2/a", "train/match10/a"),
    *("val/match1/c", "val/match3/a", "test/match1/a", "test/match2/a"),
)
ROWS = "Frame,Visibility,X,Y\n0,1,9,9\n1,0,0,0\n"


@pytest.fixture
def root(tmp_path):
    """A dataset whose videos nobody has opened."""
    for clip in CLIPS:
        match, _, name = clip.rpartition("/")
        for folder, file in (("video", f"{name}.mp4"), ("csv", f"{name}_ball.csv")):
            path = tmp_path / match / folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(ROWS)
    return tmp_path


def names(dataset, split):
    return [clip.name for clip in dataset.clips(split)[0]]


def test_a_match_is_left_out_of_both_splits(root):
    fold = Fold(Shuttlecock(root, SPLITS), "match1")
    assert names(fold, "val") == ["train/match1/a", "train/match1/b", "val/match1/c"]
    assert names(fold, "train") == ["train/match10/a", "train/match2/a", "val/match3/a"]
    assert isinstance(fold, Dataset)
    assert (fold.name, fold.root) == ("shuttlecock", root)


def test_the_other_splits_are_not_touched(root):
    """A test split numbers its matches anew; its match1 is another one."""
    whole = Shuttlecock(root, SPLITS)
    for match in ("match1", "match3"):
        assert names(Fold(whole, match), "test") == names(whole, "test")
        assert Fold(whole, match).places()["test"] == whole.places()["test"]
        assert names(Fold(whole, match), "all") == names(whole, "all")


def test_each_clip_is_in_one_of_the_two_and_its_place_as_well(root):
    whole = Shuttlecock(root, SPLITS)
    for match in ("match1", "match2", "match3", "match10"):
        fold = Fold(whole, match)
        train, val = names(fold, "train"), names(fold, "val")
        assert sorted(train + val) == sorted(names(whole, "train") + names(whole, "val"))
        places = fold.places()
        assert [sorted(n for n, _ in places[split].values()) for split in ("train", "val")] == [
            *(train, val)
        ]
        refuse_leaks(places)


def test_a_match_that_is_not_there_is_refused_with_those_that_are(root):
    whole = Shuttlecock(root, SPLITS)
    for wrong in ("match7", "train/match1", "match1,match2", "test/match1"):
        with pytest.raises(InputError) as refused:
            Fold(whole, wrong).clips("train")
        assert str(refused.value).startswith(f"fold={wrong}: no match of train and val; there are ")
        assert "there are match1, match10, match2, match3. Name one" in str(refused.value)
        assert "-m fold=match1,match10" in str(refused.value)


def test_an_only_match_is_refused(root):
    for folder in ("train/match2", "train/match10", "val"):
        shutil.rmtree(root / folder)
    with pytest.raises(InputError, match="fold=match1: is the only match of train and val"):
        Fold(Shuttlecock(root, SPLITS), "match1").clips("train")


def test_a_dataset_without_val_has_folds(root):
    shutil.rmtree(root / "val")
    fold = Fold(Shuttlecock(root, SPLITS), "match2")
    assert (names(fold, "val"), len(names(fold, "train"))) == (["train/match2/a"], 3)
    shutil.rmtree(root / "train")
    with pytest.raises(InputError, match="split train is empty"):
        fold.clips("val")


def test_what_is_wrong_is_said_of_the_split_that_has_the_clip(root):
    """A clip that cannot be used belongs to its match, though nothing of it was read."""
    for clip in ("train/match1/csv/b", "val/match1/csv/c", "val/match3/csv/a"):
        (root / f"{clip}_ball.csv").unlink()
    fold = Fold(Shuttlecock(root, SPLITS), "match1")
    assert names(fold, "val") == ["train/match1/a"]
    assert [own.clip for own in fold.clips("train")[1]] == ["val/match3/a"]
    said = [own.clip for own in fold.clips("val")[1]]
    assert said == ["train/match1/b", "val/match1/c"]


def test_folders_that_are_no_split_belong_to_the_name(root):
    """Two leagues count alike; and a split that is a single match is its name."""
    for league in ("Professional", "Amateur"):
        shutil.copytree(root / "train", root / league)
    both = {"train": ["Professional", "Amateur/match1"], "val": ["Amateur/match2"]}
    fold = Fold(Shuttlecock(root, both), "Amateur/match1")
    assert names(fold, "val") == ["Amateur/match1/a", "Amateur/match1/b"]
    assert len(names(fold, "train")) == 5
    assert names(Fold(Shuttlecock(root, both), "Amateur/match2"), "val") == ["Amateur/match2/a"]


def test_folders_of_own_clips_are_matches(tmp_path):
    for clip in ("train/monday/court 2/a", "train/tuesday/a", "val/tuesday/b", "val/c"):
        for suffix in (".mp4", ".csv"):
            (tmp_path / clip).with_suffix(suffix).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / clip).with_suffix(suffix).write_text("frame,visibility,x,y\n0,1,9,9\n")
    whole = Generic(tmp_path, SPLITS)
    assert names(Fold(whole, "tuesday"), "val") == ["train/tuesday/a", "val/tuesday/b"]
    assert names(Fold(whole, "monday/court 2"), "val") == ["train/monday/court 2/a"]
    with pytest.raises(InputError, match=r"there are monday/court 2, tuesday, val\."):
        Fold(whole, "monday").clips("val")


def test_rendered_clips_have_folds(tmp_path):
    clips = {"train": 4, "val": 1, "test": 1}
    fold = Fold(Synthetic(tmp_path, clips, frames=2, size=(24, 32)), "match1")
    assert names(fold, "train") == ["train/match2/r00003", "train/match2/r00004"]
    assert names(fold, "val") == [
        *("train/match1/r00001", "train/match1/r00002", "val/match1/r00001")
    ]


def test_a_match_of_several_datasets_is_that_of_its_part(root):
    both = Mixed({part: Shuttlecock(root, SPLITS) for part in ("old",)})
    with pytest.raises(InputError, match="there are old/match1, old/match10"):
        Fold(both, "match1").clips("val")
    assert names(Fold(both, "old/match1"), "val") == [
        *("old/train/match1/a", "old/train/match1/b", "old/val/match1/c")
    ]


def test_the_configuration_chooses_it(resolved, root):
    data = ["data=shuttlecock", f"data.root={root}"]
    config = resolved("train", [*data, "fold=match3"])
    assert names(open_dataset(config), "val") == ["val/match3/a"]
    config = resolved("train", data)
    assert names(open_dataset(config), "val") == names(build(config, "data"), "val")
