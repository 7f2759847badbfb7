"""Scoring predictions files on rendered clips."""

import re
import shutil

import numpy as np
import pytest

from tracknet.build import build
from tracknet.data.predictions import (
    PredictionError,
    read_predictions,
    write_candidates,
    write_predictions,
)
from tracknet.errors import InputError
from tracknet.pipelines.evaluate import evaluate, headline
from tracknet.types import Track

CLIP = "test/match1/r00001"


@pytest.fixture(scope="module")
def once(compose, resolved, tiny_data, tmp_path_factory):
    """Predictions that are the test split's labels, surer by and by: their folder, the figures.

    In the folder are `predictions.csv`, without the last frame, and `scored`, what came of it.
    """
    folder = tmp_path_factory.mktemp("once")
    settings = [*tiny_data, "split=test"]
    (clip,), _ = build(resolved("evaluate", settings), "data").clips("test")
    visible = clip.labels.visibility > 0
    source = np.where(visible, "detected", "")
    track = Track(clip.labels.xy, np.linspace(0, 0.99, len(visible)).round(4), source)
    file = folder / "predictions.csv"
    write_predictions(file, {clip.name: track})
    file.write_text(file.read_text().rpartition(f"{clip.name},{len(track) - 1},")[0])
    own = [f"predictions={file}", f"paths.output={folder / 'scored'}"]
    return folder, evaluate(compose("evaluate", [*settings, *own]))


def track_of(folder):
    """The track of the one clip that was scored."""
    (track,) = read_predictions(folder / "scored" / "predictions.csv", {CLIP: 24})[0].values()
    return track


@pytest.fixture
def score(compose, tiny_data, once, tmp_path):
    """Scores them again, where they were scored before."""
    folder = shutil.copytree(once[0], tmp_path, dirs_exist_ok=True)
    settings = [*tiny_data, "split=test", f"paths.output={folder / 'scored'}"]
    settings += [f"predictions={folder / 'predictions.csv'}"]
    return lambda *overrides: evaluate(compose("evaluate", [*settings, *overrides]))


def test_a_single_clip_has_no_interval(once):
    folder, metrics = once
    assert metrics["protocols"]["strict"]["f1_interval"] is None
    assert '"f1_interval": null' in (folder / "scored" / "metrics.json").read_text()
    html = (folder / "scored" / "report.html").read_text()
    headings, strict = re.findall(r"<tr>(.*?)</tr>", html)[:2]
    at = re.findall(r"<th>(.*?)</th>", headings).index("95 % interval")
    assert re.findall(r"<td>(.*?)</td>", strict)[at - 1] == "&ndash;"


def test_the_clip_of_median_f1_is_named(compose, resolved, tmp_path):
    """Of four clips, of whose balls all, none, most and half are found: the last one."""
    settings = ["data=synthetic", "data.clips={train: 2, val: 1, test: 4}"]
    settings += ["data.frames=8", "data.size=[96,160]"]
    settings += [f"data.cache={tmp_path}", f"paths.store={tmp_path / 'store'}", "split=test"]
    settings += [f"paths.output={tmp_path / 'scored'}", "image_size=[96,160]"]
    clips, _ = build(resolved("evaluate", settings), "data").clips("test")
    tracks = {}
    for share, clip in zip((1.0, 0.0, 0.75, 0.5), clips, strict=True):
        seen = clip.labels.visibility > 0
        seen[np.flatnonzero(seen)[round(share * seen.sum()) :]] = False
        source = np.where(seen, "detected", "")
        tracks[clip.name] = Track(clip.labels.xy, np.ones(len(seen)), source)
    write_predictions(tmp_path / "p.csv", tracks)
    metrics = evaluate(compose("evaluate", [*settings, f"predictions={tmp_path / 'p.csv'}"]))
    assert metrics["median_clip"] == str(clips[3].source)


def test_a_threshold_drops_balls_of_a_predictions_file(once, score, tmp_path, capsys):
    folder, everything = once
    whole = track_of(folder)
    metrics, track = score("threshold=0.5"), track_of(tmp_path)  # what it wrote is replaced
    kept = whole.visible & (whole.score >= 0.5)
    assert track.visible.tolist() == kept.tolist()
    assert metrics["protocols"]["strict"]["tp"] == kept.sum() < whole.visible.sum()
    assert metrics["facts"]["threshold"] == "0.50"
    assert "threshold" not in everything["facts"]
    for facts in (metrics["facts"], everything["facts"]):
        assert facts["frames without a row"] == "1"
    assert "95 % interval over clips: -\n" in capsys.readouterr().out


def test_a_file_is_scored_where_it_lies(once, score, tmp_path):
    written = tmp_path / "scored" / "predictions.csv"
    before = written.read_text()
    again = score(f"predictions={written}")
    assert again["protocols"] == once[1]["protocols"]
    assert written.read_text() == before


def test_an_unreadable_file_is_named_and_not_copied(score, tmp_path):
    bad, out = tmp_path / "bad.csv", tmp_path / "out"
    bad.write_text("Clip,Frame\nx,0\n")
    for file in (bad, tmp_path / "none.csv"):
        with pytest.raises(PredictionError, match=file.name):
            score(f"predictions={file}", f"paths.output={out}")
    assert not (out / "predictions.csv").exists()


def test_candidates_beside_a_file_say_why_balls_are_missed(once, score, tmp_path, capsys):
    """The candidates are the predictions, which are the labels but for the last, of no row."""
    folder, plain = once
    track = track_of(folder)
    assert "pck_candidates" not in plain["localisation"]
    (name,) = plain["breakdown"]["clip"]
    candidates = np.column_stack([np.nan_to_num(track.xy), np.full(len(track), 0.9)])[:, None]
    write_candidates(tmp_path / "candidates.csv", {name: candidates})
    metrics, kept = score("threshold=0.5"), track_of(tmp_path)
    missed = int(track.visible.sum() - kept.visible.sum())
    every, visible = metrics["breakdown"]["all"], metrics["localisation"]["visible"]
    assert (every["placing"], every["choosing"], every["unseen"]) == (0, missed, 1)
    assert metrics["localisation"]["pck_candidates"]["0.2"]["1"] == 1 - 1 / visible
    assert f"placed 4 to 8 px away, {missed} with a candidate" in capsys.readouterr().out


def test_candidates_of_other_clips_are_said_and_left_alone(score, tmp_path, capsys):
    write_candidates(tmp_path / "candidates.csv", {"other": np.zeros((3, 1, 3))})
    metrics = score()
    assert "pck_candidates" not in metrics["localisation"]
    assert "choosing" not in metrics["breakdown"]["all"]
    said = capsys.readouterr().err
    assert "candidates.csv: clip test/match1/r00001 has 0 rows, expected 1" in said


def test_predictions_of_somebody_are_not_replaced(score, tmp_path):
    written = tmp_path / "scored" / "predictions.csv"
    written.write_text(mine := written.read_text() + "\n")
    with pytest.raises(InputError, match=r"predictions\.csv: is there already"):
        score()
    assert written.read_text() == mine


@pytest.fixture(scope="module")
def score_run(compose, tiny_data, tiny_run, tmp_path_factory):
    """Scores the tiny run with overrides, where frames and clips are kept as for its training."""
    paths = [setting for setting in tiny_data if setting.startswith("paths")]

    def scored(*overrides):
        output = tmp_path_factory.mktemp("scored")
        own = [f"ckpt={tiny_run}", "threshold=0", f"paths.output={output}"]
        return evaluate(compose("evaluate", [*paths, *own, *overrides])), output

    return scored


@pytest.fixture(scope="module")
def own_data(score_run):
    """The tiny run scored without a word of data, and where that is."""
    return score_run("tracking=none")


def test_a_run_is_scored_on_its_own_data(own_data, score_run, tiny_data, capsys):
    metrics, _ = own_data
    data = [setting for setting in tiny_data if setting.startswith("data")]
    named, _ = score_run(*data, "tracking=none")
    assert metrics["dataset"] == "synthetic"
    assert metrics["split_sha256"] == named["split_sha256"]
    assert metrics["scored"] == named["scored"]
    assert metrics["protocols"] == named["protocols"]
    assert (metrics["facts"]["overlap"], metrics["facts"]["tracking"]) == ("mean", "none")
    assert "threshold 0.00, overlap mean, tracking none\n" in capsys.readouterr().out


def test_another_split_and_quality_are_scored_as_they_are_asked_for(own_data, score_run):
    other, _ = score_run("split=val", "quality=fast")
    assert other["split_sha256"] != own_data[0]["split_sha256"]
    assert (other["facts"]["overlap"], other["facts"]["tracking"]) == ("none", "online")


def test_a_part_of_the_run_s_data_can_be_changed(score_run, tmp_path):
    """And clips are rendered where this machine keeps them: the run's place may be a stranger's."""
    metrics, _ = score_run("+data.clips.test=2", f"paths.synthetic={tmp_path / 'here'}")
    assert len(metrics["breakdown"]["clip"]) == 2
    assert [*(tmp_path / "here").rglob("*.mp4")]


def test_predictions_are_of_the_data_of_the_evaluation_beside_them(
    own_data, compose, tiny_data, tmp_path
):
    metrics, scored = own_data
    paths = [setting for setting in tiny_data if setting.startswith("paths")]
    for name in ("predictions.csv", "metrics.json"):
        shutil.copy(scored / name, tmp_path)
    settings = [*paths, f"predictions={tmp_path / 'predictions.csv'}"]
    settings += [f"paths.output={tmp_path / 'again'}"]
    again = evaluate(compose("evaluate", settings))
    assert again["protocols"] == metrics["protocols"]
    (tmp_path / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"which data\? add data=<layout>"):
        evaluate(compose("evaluate", settings))


@pytest.fixture
def folder(tiny_data, resolved, tmp_path):
    """A folder of two labelled clips, without splits."""
    root = tmp_path / "clips"
    root.mkdir()
    for split in ("test", "val"):
        (clip,), _ = build(resolved("evaluate", tiny_data), "data").clips(split)
        shutil.copy(clip.source, root / f"{split}_rally.mp4")
        rows = zip(clip.labels.visibility > 0, *clip.labels.xy.T, strict=True)
        lines = [f"{i},{int(seen)},{x},{y}" for i, (seen, x, y) in enumerate(rows)]
        (root / f"{split}_rally.csv").write_text("\n".join(["frame,visibility,x,y", *lines]))
    return root


def test_a_folder_without_splits_is_scored_as_a_whole(score_run, folder):
    data = ["data=generic", f"data.root={folder}"]
    metrics, _ = score_run(*data)
    assert (metrics["split"], metrics["scored"]["split"]) == ("all", "all")
    assert (metrics["facts"]["overlap"], metrics["facts"]["tracking"]) == ("mean", "offline")
    assert [*metrics["breakdown"]["clip"]] == ["test_rally", "val_rally"]
    (folder / "val" / "day").mkdir(parents=True)
    for file in folder.glob("val_*"):
        file.rename(folder / "val" / "day" / file.name)
    with pytest.raises(InputError, match="split test is empty"):
        score_run(*data)
    everything, _ = score_run(*data, "split=all")
    assert [*everything["breakdown"]["clip"]] == ["val/day/val_rally"]


@pytest.fixture(scope="module")
def fold_run(compose, tiny_data, tiny_network, tmp_path_factory):
    """A run that left match2 out, which has two of four training clips, and its figures."""
    from tracknet.pipelines.train import train

    data = [setting for setting in tiny_data if not setting.startswith("data.")]
    data += ["data.clips={train: 4, val: 1, test: 1}", "data.frames=8"]
    run = tmp_path_factory.mktemp("fold") / "run"
    settings = [*data, *tiny_network, "trainer.max_epochs=1", f"paths.output={run}"]
    figures = train(compose("train", [*settings, "fold=match2"]))
    return run, figures, data


def test_a_run_of_a_fold_is_scored_on_the_match_that_it_left_out(fold_run, compose, tmp_path):
    run, figures, data = fold_run
    paths = [setting for setting in data if setting.startswith("paths")]

    def scored(*overrides, output="scored"):
        own = [*paths, f"paths.output={tmp_path / output}", *overrides]
        return evaluate(compose("evaluate", own))

    choices = ["split=val", "overlap=none", "tracking=none"]
    metrics = scored(f"ckpt={run}", *choices)
    clips = ["train/match2/r00003", "train/match2/r00004"]
    assert [*metrics["breakdown"]["clip"]] == clips
    assert metrics["protocols"]["strict"]["f1"] == pytest.approx(figures["val_f1"])
    assert metrics["facts"]["fold"] == metrics["scored"]["fold"] == "match2"
    again = scored(
        f"predictions={tmp_path / 'scored' / 'predictions.csv'}", "split=val", output="b"
    )
    assert again["protocols"] == metrics["protocols"]
    named = scored(f"ckpt={run}", *data, "split=val", output="c")
    assert ([*named["breakdown"]["clip"]], named["scored"]["fold"]) == (["val/match1/r00001"], None)
    assert headline(metrics)["fold"] == "match2"
    assert "fold" not in headline(named)


def test_a_fold_is_said_by_the_run(fold_run, capsys):
    run, _, _ = fold_run
    log = (run / "train.log").read_text()
    assert "fold        match2 is val, and is left out of train" in log
    assert f"{run} split=val" in log
    assert "split=test" not in log
