"""What was found in a video, as a sequence, a table, a picture and a video."""

import importlib.util
from fractions import Fraction

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from tracknet.errors import InputError
from tracknet.inference.predictor import Prediction
from tracknet.inference.result import Found
from tracknet.inference.writers import CsvWriter
from tracknet.video import VideoInfo, VideoWriter, probe, read_frames, read_raw


@pytest.fixture
def file(video):
    return video(10)[0]


@pytest.fixture
def track(predictor, file):
    return predictor().predict(file)


def test_it_is_a_sequence(track):
    assert (len(track), len([*track])) == (10, 10)
    rows = [*track]
    assert rows[3] == track[3] == track[np.int64(3)] == track[-7]
    assert isinstance(rows[3], Found)
    assert (rows[3].frame, rows[3].visible, rows[3].source) == (3, True, "detected")
    assert rows[3].time == pytest.approx(3 / 25)
    assert (rows[3].x, rows[3].y) == pytest.approx(tuple(track.xy[3]))
    assert (np.isnan(rows[4].x), rows[4].visible, rows[4].source) == (True, False, "")
    for outside in (10, -11):
        with pytest.raises(IndexError, match=f"frame {outside} of a track of 10"):
            track[outside]


def test_slices_are_tracks_that_know_their_frames(track):
    part = track[2:8:2]
    assert (part.frame.tolist(), len(part), part.video) == ([2, 4, 6], 3, track.video)
    assert part[1] == track[4] or np.isnan(part[1].x)
    assert part.time.tolist() == track.time[2:8:2].tolist()
    assert track[track.visible].visible.all()
    assert track[[1, 5]].frame.tolist() == [1, 5]
    assert len(track[20:]) == 0


def test_it_says_what_it_is(track, file, predictor, dots):
    assert repr(track) == f"<VideoTrack of {file}: 10 frames, 0.36 s, a ball in 8 (80%)>"
    assert repr(track[:0]) == f"<VideoTrack of {file}: 0 frames, a ball in 0>"
    memory = predictor().predict(dots(3)[0])
    assert repr(memory) == "<VideoTrack of frames from memory: 3 frames, a ball in 3 (100%)>"


def test_it_is_a_table(track):
    table = track.to_pandas()
    assert list(table) == [*Found._fields]
    assert list(table) == ["frame", "time", "x", "y", "visible", "score", "source"]
    assert len(table) == 10
    assert table.visible.tolist() == track.visible.tolist()
    assert table.x.isna().tolist() == (~track.visible).tolist()
    assert table.time.iloc[-1] == pytest.approx(9 / 25)
    assert track[5:7].to_pandas().frame.tolist() == [5, 6]
    assert track[:0].to_pandas().empty


def test_times_are_those_of_the_video(predictor, dots, tmp_path):
    """A phone films as fast as the light allows."""
    file, times = tmp_path / "uneven.mp4", [0, 40, 110, 150, 300]
    with VideoWriter(file, (192, 320), Fraction(25)) as writer:
        for frame, time in zip(dots(5)[0], times, strict=True):
            writer.write(frame, Fraction(time, 1000))
    track = predictor().predict(file)
    assert track.time == pytest.approx(np.array(times) / 1000, abs=1e-3)
    out = track.save_video(tmp_path / "drawn.mp4")
    shown = [float(f.pts * f.time_base) for f in read_raw(out)]
    assert shown == pytest.approx(np.array(times) / 1000, abs=1e-3)


def test_frames_from_memory_have_the_times_that_are_given(predictor, dots, tmp_path):
    frames, _ = dots(6)
    assert np.isnan(predictor().predict(frames).time).all()
    assert predictor().predict(frames, fps=50).time.tolist() == pytest.approx(np.arange(6) / 50)
    for i, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f"{i}.png"), frame)
    assert np.isnan(predictor().predict(tmp_path).time).all()
    assert predictor().predict(tmp_path, fps=10)[5].time == pytest.approx(0.5)


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf"), "25"])
def test_what_is_no_rate_is_refused(track, predictor, dots, tmp_path, fps):
    said = rf"fps={fps!r}; expected frames per second, a number above 0"
    with pytest.raises(InputError, match=said):
        predictor().predict(dots(3)[0], fps=fps)
    with pytest.raises(InputError, match=said):
        track.save_video(tmp_path / "track.mp4", fps=fps)


def test_the_csv_is_that_of_the_command(track, file, tmp_path):
    written = track.save_csv(tmp_path / "new" / "track.csv")
    with CsvWriter(tmp_path, "same", VideoInfo((1, 1), Fraction(25), 0, 0)) as writer:
        for row in track:
            row = Prediction(row.frame, row.x, row.y, row.score, row.source, np.zeros((1, 3)))
            writer.write(row, None)
    assert written.read_text() == (tmp_path / "same.csv").read_text()
    table = pd.read_csv(track[3:6].save_csv(str(tmp_path / "part.csv")))
    assert table.Frame.tolist() == [3, 4, 5]


@pytest.mark.parametrize("save", ["save_csv", "save_video"])
def test_a_file_that_is_there_stays(track, tmp_path, save):
    path = tmp_path / ("a.csv" if save == "save_csv" else "a.mp4")
    path.write_text("Frame,Visibility,X,Y\n0,1,7,7\n")
    with pytest.raises(InputError, match=r"not written here .* overwrite=True"):
        getattr(track, save)(path)
    assert path.read_text().endswith("0,1,7,7\n")
    getattr(track, save)(path, overwrite=True)
    assert path.stat().st_size > 50
    getattr(track, save)(path)  # its own
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {path.name, "rally.mp4", ".written.json"}


def test_a_video_shows_the_ball(track, file, tmp_path):
    out = track.save_video(tmp_path / "out.mp4")
    assert probe(out).size == (192, 320)
    pictures, before = [*read_frames(out)], [*read_frames(file)]
    assert len(pictures) == 10
    changed = [np.abs(a.astype(int) - b).max() for a, b in zip(pictures, before, strict=True)]
    assert min(changed) > 100
    part = track[6:8].save_video(tmp_path / "part.mp4", trail=1)
    shown = [*read_frames(part)]
    assert len(shown) == 2
    assert np.abs(shown[0].astype(int) - before[6]).mean() < 5


def test_frames_from_memory_are_drawn_when_they_are_given(predictor, dots, tmp_path):
    frames, _ = dots(6)
    track = predictor().predict(frames[..., ::-1] / 255, channels="bgr", fps=10)
    with pytest.raises(InputError, match=r"were not kept; .* track.save_video\(path, frames\)"):
        track.save_video(tmp_path / "a.mp4")
    out = track.save_video(tmp_path / "a.mp4", frames)
    assert (len([*read_frames(out)]), probe(out).fps) == (6, 10)
    with pytest.raises(InputError, match="3 frames are left of the 6"):
        track.save_video(tmp_path / "b.mp4", frames[:3])
    with pytest.raises(InputError, match="expected those of the track"):
        track.save_video(tmp_path / "b.mp4", frames[:, :50])
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4", ".written.json"}


def test_what_makes_no_video(track, file, tmp_path):
    with pytest.raises(InputError, match="expected the name of an mp4 file"):
        track.save_video(tmp_path / "a.avi")
    for none in (track[:0], track[::-1]):
        with pytest.raises(InputError, match="frames in their order"):
            none.save_video(tmp_path / "a.mp4")
    file.unlink()
    with pytest.raises(InputError, match="no such file"):
        track.save_video(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_it_is_drawn_over_time(track, predictor, dots):
    ax = track.plot()
    x, y = ax.get_lines()
    np.testing.assert_allclose(x.get_xdata(), track.time)
    np.testing.assert_allclose(x.get_ydata(), track.xy[:, 0])
    np.testing.assert_allclose(y.get_ydata(), track.xy[:, 1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("seconds", "pixels")
    memory = predictor().predict(dots(3)[0])
    same = memory.plot(ax=pyplot.figure().add_subplot())
    assert same.get_xlabel() == "frame"
    pyplot.close("all")


def test_supervision(track):
    if not importlib.util.find_spec("supervision"):
        pytest.skip("supervision is an extra")
    detections = track.to_supervision(side=10)
    assert [len(found) for found in detections] == track.visible.astype(int).tolist()
    x, y = track.xy[3]
    assert detections[3].xyxy[0].tolist() == pytest.approx([x - 5, y - 5, x + 5, y + 5], abs=1e-3)
    assert detections[3].confidence[0] == pytest.approx(track.score[3])
    assert detections[3].data["source"].tolist() == ["detected"]


def test_without_supervision_it_says_how_to_get_it(track, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "supervision", None)
    with pytest.raises(InputError, match="pip install"):
        track.to_supervision()
