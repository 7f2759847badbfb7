"""From a video file to its csv and its overlay."""

import csv
import os
import signal
import time
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch
from tracknet.inference.export import predict_video
from tracknet.inference.overlay import Overlay

from tracknet.inference import export
from tracknet.inference.predictor import Prediction
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
    assert sorted(p.name for p in out.iterdir()) == ["rally.csv", "rally_overlay.mp4"]
    assert (summary.frames, summary.balls) == (22, np.isfinite(xy[:, 0]).sum())
    check(rows(summary.csv), xy)
    with av.open(str(summary.overlay)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    info = probe(summary.overlay)
    assert info.size == probe(file).size
    assert float(info.fps) == pytest.approx(30000 / 1001, rel=1e-4)
    assert len(list(read_frames(summary.overlay))) == 22


def test_the_csv_has_two_decimals_and_the_pinned_columns(predictor, video, tmp_path):
    file, _ = video(5)
    lines = predict_video(predictor(), file, tmp_path, overlay=False).csv.read_text().splitlines()
    assert lines[0] == "Frame,Visibility,X,Y,Score,Source"
    assert len(lines[1].split(",")[2].split(".")[1]) == 2
    assert lines[5].startswith("4,0,0.00,0.00,")
    assert lines[5].endswith(",")
    assert not list(tmp_path.glob("*overlay*"))


def test_the_ball_is_ringed_and_trailed(predictor, dots, tmp_path):
    frames, xy = dots(4, (540, 960), radius=4)
    with Overlay(tmp_path / "o.mp4", (540, 960), Fraction(25)) as overlay:
        for row in predictor(threshold=0.02).stream(frames):
            overlay.write(frames[row.frame], row)
    last = list(read_frames(tmp_path / "o.mp4"))[-1].astype(int)
    (x, y), (before_x, before_y) = xy[3].round().astype(int), xy[2].round().astype(int)

    def is_yellow(pixel: np.ndarray) -> bool:
        return pixel[:2].min() > 120 and pixel[2] < 90

    assert is_yellow(last[y, x + 7])
    assert is_yellow(last[y - 7, x])
    assert last[y, x].min() > 200  # the ball itself stays in sight
    assert is_yellow(last[(y + before_y) // 2, (x + before_x) // 2])


def test_nothing_is_drawn_without_a_ball(tmp_path):
    frame = np.full((64, 96, 3), 90, np.uint8)
    nothing = Prediction(0, np.nan, np.nan, 0.1, "", np.zeros((1, 3)))
    with Overlay(tmp_path / "o.mp4", (64, 96), Fraction(25)) as overlay:
        overlay.write(frame, nothing)
    assert np.ptp(next(read_frames(tmp_path / "o.mp4"))) <= 4


@pytest.mark.parametrize("x", [0, 1, 60, 94, 95])
@pytest.mark.parametrize("y", [0, 33, 62])
def test_drawing_at_the_edges(tmp_path, x, y):
    frame = np.zeros((63, 96, 3), np.uint8)
    with Overlay(tmp_path / "o.mp4", (63, 96), Fraction(25)) as overlay:
        for i in range(3):
            overlay.write(frame, Prediction(i, x, max(0, y - i), 0.9, "detected", np.zeros((1, 3))))
    assert len(list(read_frames(tmp_path / "o.mp4"))) == 3


def test_a_folder_of_frames(predictor, dots, tmp_path):
    frames, xy = dots(12)
    folder = tmp_path / "Clip1.final"
    folder.mkdir()
    for i, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{i}.png"), frame)
    summary = predict_video(predictor(), folder, tmp_path / "out")
    assert summary.csv.name == "Clip1.final.csv"
    check(rows(summary.csv), xy)
    assert len(list(read_frames(summary.overlay))) == 12


def test_frames_too_large_to_hold_are_read_twice(predictor, video, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "HELD_BYTES", 0)
    file, xy = video(22)
    summary = predict_video(predictor(background=True), file, tmp_path / "out")
    check(rows(summary.csv), xy)
    assert len(list(read_frames(summary.overlay))) == 22


def test_frames_that_are_being_read_already(predictor, video, tmp_path):
    file, xy = video(22)
    info, frames = open_video(file)
    summary = predict_video(
        predictor(), file, tmp_path / "out", opened=(info, prefetch(frames, 64))
    )
    check(rows(summary.csv), xy)


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
        predict_video(model, file, tmp_path / "out", overlay=False)
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == ["rally.csv", "rally.csv.unfinished"]
    assert len(rows(out / "rally.csv")) == 7


def test_a_killed_run_leaves_whole_rows(predictor, video, tmp_path):
    model = predictor()
    file, xy = video(400, (96, 160), radius=3)
    table = tmp_path / "out" / "rally.csv"
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


def test_a_failing_overlay_ends_the_run(predictor, video, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tracknet.inference.overlay.draw", fail)
    file, _ = video(60)
    with pytest.raises(OSError, match="disk full"):
        predict_video(predictor(), file, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*overlay.mp4"))


def test_a_missing_source(predictor, tmp_path):
    with pytest.raises(VideoError, match="no such file"):
        predict_video(predictor(), tmp_path / "none.mp4", tmp_path / "out")
