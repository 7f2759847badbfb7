"""From a video file to its csv and its overlay."""

import csv
import gc
import json
import os
import signal
import time
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch

from tracknet.errors import InputError, InputWarning
from tracknet.inference import video as module
from tracknet.inference.video import predict_video
from tracknet.inference.writers import CsvWriter
from tracknet.types import Track
from tracknet.video import VideoError, open_video, prefetch, probe, read_frames, read_raw


def rows(path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def check(table: list[dict[str, str]], xy: np.ndarray, within: float = 1.0) -> None:
    """One row a frame, in order, each where the dot is."""
    assert [int(row["Frame"]) for row in table] == list(range(len(xy)))
    for row, (x, y) in zip(table, xy, strict=True):
        position = float(row["X"]), float(row["Y"])
        if np.isnan(x):
            assert (row["Visibility"], position, row["Source"]) == ("0", (0, 0), "")
            continue
        assert (row["Visibility"], row["Source"]) == ("1", "detected")
        assert np.hypot(position[0] - x, position[1] - y) < within
        assert 0.15 <= float(row["Score"]) <= 1


@pytest.mark.parametrize("size", [(192, 320), (240, 320), (191, 319)], ids=["16:9", "4:3", "odd"])
def test_a_video_becomes_a_csv_and_an_overlay(predictor, video, tmp_path, size):
    file, xy = video(22, size, Fraction(30000, 1001))
    out = tmp_path / "results"
    summary = predict_video(predictor(background=True), file, out)
    table, overlay = summary.files
    assert sorted(p.name for p in out.glob("[!.]*")) == ["rally.csv", "rally_overlay.mp4"]
    assert (summary.frames, summary.balls) == (22, np.isfinite(xy[:, 0]).sum())
    check(rows(table), xy)
    with av.open(str(overlay)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    info = probe(overlay)
    assert info.size == probe(file).size
    assert float(info.fps) == pytest.approx(30000 / 1001, rel=1e-4)
    assert len(list(read_frames(overlay))) == 22


def test_the_csv_has_two_decimals_and_the_pinned_columns(predictor, video, tmp_path):
    file, _ = video(5)
    [table] = predict_video(predictor(), file, tmp_path, [CsvWriter]).files
    lines = table.read_text().splitlines()
    assert lines[0] == "Frame,Visibility,X,Y,Score,Source"
    assert len(lines[1].split(",")[2].split(".")[1]) == 2
    assert lines[5].startswith("4,0,0.00,0.00,")
    assert lines[5].endswith(",")
    assert not list(tmp_path.glob("*overlay*"))


def test_a_folder_of_frames(predictor, dots, tmp_path):
    frames, xy = dots(12)
    folder = tmp_path / "Clip1.final"
    folder.mkdir()
    for i, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{i}.png"), frame)
    table, overlay = predict_video(predictor(), folder, tmp_path / "out").files
    assert table.name == "Clip1.final.csv"
    check(rows(table), xy)
    assert len(list(read_frames(overlay))) == 12


def test_frames_too_large_to_hold_are_read_twice(predictor, video, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HELD_BYTES", 0)
    file, xy = video(22)
    table, overlay = predict_video(predictor(background=True), file, tmp_path / "out").files
    check(rows(table), xy)
    assert len(list(read_frames(overlay))) == 22


def test_frames_that_are_being_read_already(predictor, video, tmp_path):
    file, xy = video(22)
    info, frames = open_video(file)
    opened = info, prefetch(frames, 64)
    table, _ = predict_video(predictor(), file, tmp_path / "out", opened=opened).files
    check(rows(table), xy)


def test_an_interrupted_run_leaves_whole_rows_and_says_that_more_were_to_come(
    predictor, video, tmp_path, monkeypatch
):
    file, _ = video(20)
    model = predictor()

    def broken(*_: object, **__: object):
        yield from list(model.__class__.stream(model, read_raw(file)))[:7]
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "stream", broken)
    with pytest.raises(KeyboardInterrupt):
        predict_video(model, file, tmp_path / "out", [CsvWriter])
    out = tmp_path / "out"
    assert sorted(p.name for p in out.glob("[!.]*")) == ["rally.csv", "rally.csv.unfinished"]
    assert len(rows(out / "rally.csv")) == 7


def test_until_there_is_a_row_an_older_table_stays(predictor, video, tmp_path, monkeypatch):
    """A tracker that waits has none before the whole video was looked at."""
    file, xy = video(20)
    model = predictor()
    predict_video(model, file, tmp_path / "out", [CsvWriter])

    def broken(*_: object, **__: object):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(model, "stream", broken)
    with pytest.raises(KeyboardInterrupt):
        predict_video(model, file, tmp_path / "out", [CsvWriter])
    check(rows(tmp_path / "out" / "rally.csv"), xy)
    assert (tmp_path / "out" / "rally.csv.unfinished").exists()


def test_a_killed_run_leaves_whole_rows(predictor, video, tmp_path):
    model = predictor()
    file, xy = video(400, (96, 160), radius=3)
    table = tmp_path / "out" / "rally.csv"
    gc.collect()  # an earlier test's decoder would wait in the child for threads that are not there
    child = os.fork()
    if child == 0:
        try:
            torch.set_num_threads(1)  # those of the parent's pool are not here
            predict_video(model, file, tmp_path / "out")
        finally:
            os._exit(0)
    deadline = time.monotonic() + 20
    while (not table.exists() or table.stat().st_size < 1_000) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert table.with_name("rally.csv.unfinished").exists()
    assert table.read_bytes().endswith(b"\n")
    left = rows(table)
    assert 20 < len(left) < 400
    check(left, xy[: len(left)])


def test_a_failing_writer_costs_its_own_file_only(predictor, video, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tracknet.inference.writers.overlay.draw", fail)
    file, xy = video(60)
    out = tmp_path / "out"
    with (
        pytest.warns(InputWarning, match=r"rally_overlay.mp4 cannot be written \(disk full\)"),
        pytest.raises(OSError, match="disk full"),
    ):
        predict_video(predictor(), file, out)
    assert [p.name for p in out.glob("[!.]*")] == ["rally.csv"]
    check(rows(out / "rally.csv"), xy)


def test_a_failing_writer_that_is_the_only_one_ends_the_run(predictor, video, tmp_path):
    seen = []

    class Full(CsvWriter):
        def write(self, prediction, frame):
            seen.append(prediction)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        predict_video(predictor(), video(60)[0], tmp_path / "out", [Full])
    assert len(seen) == 1
    assert (tmp_path / "out" / "rally.csv.unfinished").exists()


class Crossed:
    """A writer of one's own: each prediction beside what is seen there."""

    needs_frames = True

    def __init__(self, folder, name, info):
        self.files, self.seen = [folder / f"{name}.txt"], []

    def __enter__(self):
        return self

    def write(self, prediction, frame):
        if prediction.visible:
            x, y = round(prediction.x), round(prediction.y)
            self.seen.append(int(frame.to_ndarray(format="rgb24")[y, x].min()))

    def __exit__(self, kind, *_):
        if kind is None:
            self.files[0].write_text(str(self.seen))


@pytest.mark.parametrize("when", ["made", "entered"])
def test_what_cannot_begin_leaves_nothing_that_looks_finished(predictor, video, tmp_path, when):
    class Full(Crossed):
        def __init__(self, *args):
            super().__init__(*args)
            if when == "made":
                raise OSError("disk full")

        def __enter__(self):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        predict_video(predictor(), video(5)[0], tmp_path / "out", [CsvWriter, Full])
    left = {p.name for p in (tmp_path / "out").iterdir()}
    assert left == (set() if when == "made" else {"rally.csv.unfinished"})


def test_where_one_file_is_refused_the_others_stay(predictor, video, tmp_path):
    file, out = video(12)[0], tmp_path / "out"
    table, overlay = predict_video(predictor(), file, out).files
    before = table.read_text()
    overlay.write_bytes(b"somebody's")
    with pytest.raises(InputError, match=r"rally_overlay\.mp4: is there already"):
        predict_video(predictor(), file, out)
    assert table.read_text() == before
    left = {p.name for p in out.iterdir()}
    assert left == {"rally.csv", "rally_overlay.mp4", ".written.json"}


class Second:
    """A tracker of one's own, which takes every frame's second candidate, whether live or not."""

    name, waits = "second", False

    def track(self, candidates, threshold, size):
        x, y, score = candidates[:, 1].T
        return Track(np.stack([x, y], 1), score, np.full(len(x), "tracked"))

    def follow(self, candidates, threshold, size):
        return (1 for _ in candidates)


@pytest.mark.parametrize("waits", [False, True])
def test_a_writer_and_a_tracker_from_outside(predictor, video, tmp_path, waits):
    file, xy = video(20)
    tracker = Second()
    tracker.waits = waits
    model, tracked = predictor(), predictor(tracker=tracker)
    writers = [CsvWriter, Crossed]
    table, text = predict_video(model, file, tmp_path / "first", writers).files
    assert len(json.loads(text.read_text())) == np.isfinite(xy[:, 0]).sum()
    assert min(json.loads(text.read_text())) > 200  # on the dot, in each frame
    table, _ = predict_video(tracked, file, tmp_path / "second", writers).files
    second = [row.candidates[1] for row in model.stream(read_raw(file))]
    found = [(float(row["X"]), float(row["Y"]), float(row["Score"])) for row in rows(table)]
    np.testing.assert_allclose(found, second, atol=0.006)
    assert {row["Source"] for row in rows(table)} == {"tracked"}


@pytest.mark.parametrize("waits", [False, True])
def test_a_bar_moves_while_the_network_looks(
    predictor, video, tmp_path, monkeypatch, capsys, waits
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("tracknet.inference.video.PATIENCE", -1)
    tracker = Second()
    tracker.waits = waits
    predict_video(predictor(tracker=tracker), video(20)[0], tmp_path)
    said = capsys.readouterr().err
    assert ("finding the ball in rally" in said) == waits
    assert "tracking rally" in said


def test_a_missing_source(predictor, tmp_path):
    with pytest.raises(VideoError, match="no such file"):
        predict_video(predictor(), tmp_path / "none.mp4", tmp_path / "out")
