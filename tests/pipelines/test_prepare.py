"""What is wrong with a dataset is named by clip and frame, and a broken clip ends nothing."""

import re
import shutil
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.pipelines.prepare import prepare
from tracknet.video import VideoWriter

SCRIPT = Path(__file__).parents[2] / "scripts" / "prepare.py"


def left_out(cfg, folder):
    """The problems that `prepare` writes of a dataset of which it leaves clips out."""
    with pytest.raises(SystemExit, match=r"left out; .*problems.csv says why"):
        prepare(cfg)
    return pd.read_csv(folder / "run" / "problems.csv", na_values="", keep_default_na=False)


@pytest.fixture
def settings(tmp_path):
    """A dataset of one clip in each split."""
    for split in ("train", "val", "test"):
        folder = tmp_path / "data" / split
        folder.mkdir(parents=True)
        with VideoWriter(folder / "a.mp4", (32, 64), Fraction(25)) as writer:
            for i in range(6):
                writer.write(np.full((32, 64, 3), 40 * i, np.uint8))
        rows = "".join(f"{i},1,{5 + i},9\n" for i in range(6))
        (folder / "a.csv").write_text("Frame,Visibility,X,Y\n" + rows)
    return [
        "data=generic",
        f"data.root={tmp_path / 'data'}",
        f"paths.store={tmp_path / 'store'}",
        f"paths.output={tmp_path / 'run'}",
        "image_size=[32,64]",
    ]


def test_a_sound_dataset_has_no_problems(compose, settings):
    assert prepare(compose("prepare", [*settings, "strict=true"])).empty


def test_problems_are_written_and_fail_where_asked(compose, settings, tmp_path):
    with open(tmp_path / "data" / "train" / "a.csv", "a") as labels:
        labels.write("6,1,5,9\n")
    (tmp_path / "data" / "val" / "a.mp4").write_bytes(b"no video")
    with pytest.raises(LabelError, match="2 problems"):
        prepare(compose("prepare", [*settings, "strict=true"]))
    written = pd.read_csv(tmp_path / "run" / "problems.csv")
    assert written["Kind"].tolist() == ["row_beyond_video", "unreadable"]
    assert written["Frame"][0] == 6
    page = (tmp_path / "run" / "report.html").read_text()
    assert "row_beyond_video" in page
    assert "unreadable" in page
    assert page.count('class="card"') == 12  # labels of the clips that could be decoded
    assert "http" not in page.replace("http-equiv", "")


def test_a_row_twice_and_a_ball_nowhere_are_named_by_clip_and_frame(compose, settings, tmp_path):
    with open(tmp_path / "data" / "train" / "a.csv", "a") as labels:
        labels.write("3,1,5,9\n")
    file = tmp_path / "data" / "test" / "a.csv"
    file.write_text(file.read_text().replace("2,1,7,9", "2,1,,"))
    found = left_out(compose("prepare", settings), tmp_path)
    rows = found[["Clip", "Frame", "Kind"]].astype(object).values.tolist()
    assert ["train/a", 3, "duplicate_row"] in rows
    assert ["test/a", 2, "nan"] in rows


def test_of_a_split_without_a_usable_clip_every_one_is_named(compose, settings, tmp_path):
    for split in ("train", "val"):
        for file in (tmp_path / "data" / split).iterdir():
            shutil.copy(file, file.with_stem("b"))
    for name in ("a", "b"):
        with open(tmp_path / "data" / "train" / f"{name}.csv", "a") as labels:
            labels.write("3,1,5,9\n")
        (tmp_path / "data" / "val" / f"{name}.mp4").write_bytes(b"no video")
    found = left_out(compose("prepare", settings), tmp_path)
    assert sorted(zip(found["Clip"], found["Kind"], strict=True)) == [
        ("train/a", "duplicate_row"),
        ("train/b", "duplicate_row"),
        ("val/a", "unreadable"),
        ("val/b", "unreadable"),
    ]


def test_a_video_that_ends_too_early_is_named_by_clip_and_frame(compose, settings, tmp_path):
    video = tmp_path / "data" / "val" / "a.mp4"
    with av.open(str(video)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    video.write_bytes(video.read_bytes()[: places[4]])
    found = prepare(compose("prepare", settings))
    (row,) = found[~found["Kind"].eq("row_beyond_video")].itertuples(index=False)
    assert (row.Clip, row.Kind) == ("val/a", "short_video")
    assert f"ends after {row.Frame} of the 6 frames" in row.Message


def test_a_rally_in_two_splits_is_found(compose, settings, tmp_path):
    rng = np.random.default_rng(0)
    places = np.cumsum(rng.normal(0, 4, (60, 2)), 0) + np.array([32, 64])
    for split, crf in (("train", 18), ("test", 30)):
        folder = tmp_path / "data" / split
        with VideoWriter(folder / f"{split}.mp4", (64, 128), Fraction(25), crf=crf) as writer:
            for y, x in places.astype(int):
                picture = np.full((64, 128, 3), 90, np.uint8)
                picture[max(0, y) : y + 20, max(0, x) : x + 14] = 220
                writer.write(picture)
        rows = "".join(f"{i},0,0,0\n" for i in range(60))
        (folder / f"{split}.csv").write_text("Frame,Visibility,X,Y\n" + rows)
    found = prepare(compose("prepare", settings))
    assert found["Kind"].tolist() == ["cross_split_duplicate"]
    assert found["Clip"][0] == "train/train"
    assert "test/test" in found["Message"][0]


def test_labels_beside_their_balls_are_reported(compose, settings, tmp_path, capsys):
    rng = np.random.default_rng(0)
    t = np.arange(130)
    balls = np.stack([128 + 80 * np.sin(t / 15), 64 + 40 * np.cos(t / 9)], 1)
    folder = tmp_path / "data" / "train"
    with VideoWriter(folder / "a.mp4", (128, 256), Fraction(25), crf=10) as writer:
        for x, y in np.rint(balls).astype(int):
            picture = np.full((128, 256, 3), 90) + rng.normal(0, 1, (128, 256, 1))
            picture[y - 1 : y + 2, x - 1 : x + 2] = 240
            writer.write(picture.astype(np.uint8))
    rows = [f"{i},1,{x + 3},{y - 2}\n" for i, (x, y) in enumerate(np.rint(balls))]
    (folder / "a.csv").write_text("Frame,Visibility,X,Y\n" + "".join(rows))
    settings[-1] = "image_size=[128,256]"
    found = prepare(compose("prepare", settings))
    assert found["Kind"].tolist() == ["label_offset"]
    assert re.search("(2.9|3.0) px right of .* (1.9|2.0) px above", found["Message"][0])
    assert "labels beside what moves" in capsys.readouterr().out
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Labels beside what moves" in page


@pytest.fixture
def long_settings(request, settings, tmp_path):
    """The same with clips of so many frames, which take a moment, and as large a network."""
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        video = tmp_path / "data" / split / "a.mp4"
        with VideoWriter(video, (180, 320), Fraction(25)) as writer:
            for _ in range(request.param):
                writer.write(rng.integers(0, 255, (180, 320, 3), np.uint8))
    return [*settings[:-1], "image_size=[144,256]"]


def start(settings, store):
    command = [sys.executable, SCRIPT, *settings, f"paths.store={store}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture
def finished(run_script, long_settings):
    """Prepares them in a store of their own, whose content it returns."""

    def finish(store):
        run_script("prepare", *long_settings, f"paths.store={store}").check_returncode()
        return content(store)

    return finish


def content(store):
    """Every file below a folder with its bytes."""
    return {
        file.relative_to(store): file.read_bytes()
        for file in store.rglob("*")
        if file.is_file() and file.name != "seen.json"  # which says when they were written
    }


@pytest.mark.slow
@pytest.mark.parametrize("long_settings", [400], indirect=True)
def test_a_run_that_is_killed_at_any_moment_is_repaired_by_the_next(
    long_settings, finished, tmp_path
):
    rng = np.random.default_rng(0)
    undisturbed = finished(tmp_path / "undisturbed")
    begun = time.monotonic()
    start(long_settings, tmp_path / "timed").communicate()
    duration = time.monotonic() - begun
    store, cut = tmp_path / "store", 0
    for moment in rng.uniform(0, duration, 20):
        run = start(long_settings, store)
        time.sleep(moment)
        run.kill()
        run.communicate()
        cut += store.exists() and content(store) != undisturbed
        assert finished(store) == undisturbed
        shutil.rmtree(store)
    assert cut, "no run was killed while it wrote"


@pytest.mark.slow
@pytest.mark.parametrize("long_settings", [90], indirect=True)
def test_two_runs_at_once_share_a_store(long_settings, finished, tmp_path):
    store = tmp_path / "store"
    runs = [start([*long_settings, f"paths.output={tmp_path / name}"], store) for name in "ab"]
    for run in runs:
        said, _ = run.communicate()
        assert run.returncode == 0, said
    assert content(store) == finished(tmp_path / "alone")
