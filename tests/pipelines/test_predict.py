"""Videos as they are: what can be read is written, in order, and what is wrong is said."""

import csv
import functools
import os
import signal
import threading
from fractions import Fraction
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import av
import numpy as np
import pytest

from tracknet.errors import InputError
from tracknet.inference.tracking import OfflineTracker, OnlineTracker
from tracknet.pipelines.predict import predict_all
from tracknet.video import container, find_sources, probe, read_raw

H, W = 96, 160


@pytest.fixture
def finder(predictor):
    return predictor(threshold=0.3)


def dot(frame: int, size=(H, W)) -> np.ndarray:
    picture = np.zeros((*size, 3), np.uint8)
    x, y = centre(frame)
    picture[y - 3 : y + 4, x - 3 : x + 4] = 255
    return picture


def centre(frame: int) -> tuple[int, int]:
    return 20 + 4 * frame, 30 + frame


def write(
    path,
    pictures,
    times=None,
    audio=False,
    suffix_options=None,
    bf=0,
    aspect=None,
    codec="libx264",
):
    """Pictures as a video; `times` are milliseconds, else 25 frames/s."""
    with av.open(str(path), "w", options=suffix_options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        # Odd sizes need a pixel format that does not share chroma between pixels.
        stream.pix_fmt = "yuv444p" if np.remainder(pictures[0].shape[:2], 2).any() else "yuv420p"
        stream.options = {"crf": "10", "bf": str(bf), "g": "5"}
        stream.codec_context.sample_aspect_ratio = aspect or Fraction(1)
        stream.codec_context.time_base = Fraction(1, 1000)
        if audio:
            sound = container.add_stream("aac", rate=16000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts = 16000, 0
            container.mux(sound.encode(silence))
            container.mux(sound.encode())
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = times[i] if times else 40 * i, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turn_clockwise(file):
    """Asks players to turn it, as phones do."""
    data = bytearray(file.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    quarter = [0, 1 << 16, 0, -(1 << 16), 0, 0, H << 16, 0, 1 << 30]
    data[matrix : matrix + 36] = np.array(quarter, ">i4").tobytes()
    file.write_bytes(data)


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def check(path, count, size=(H, W)):
    """One row for every frame, in order, each where the dot is."""
    found = rows(path)
    assert [int(row["Frame"]) for row in found] == list(range(count))
    for i, row in enumerate(found):
        assert row["Visibility"] == "1"
        assert np.hypot(float(row["X"]) - centre(i)[0], float(row["Y"]) - centre(i)[1]) < 1.5


def times_of(path):
    frames = list(read_raw(path))
    return [float((f.pts - frames[0].pts) * f.time_base) for f in frames]


@pytest.mark.parametrize(
    "size", [(H, W), (95, 161), (240, 136), (34, 300)], ids=["plain", "odd", "portrait", "wide"]
)
def test_sizes(finder, tmp_path, size):
    pictures = [dot(i, size) if size[0] > 60 else dot(0, size) * 0 for i in range(12)]
    file = write(tmp_path / "a.mp4", pictures)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    assert len(times_of(summary.files[1])) == summary.frames == 12
    if size[0] > 60:
        check(summary.files[0], 12, size)


def test_an_uneven_frame_rate_is_kept(finder, tmp_path):
    times = [0, 40, 80, 200, 210, 400, 440, 1000]
    file = write(tmp_path / "a.mp4", [dot(i) for i in range(8)], times)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    check(summary.files[0], 8)
    assert times_of(summary.files[1]) == pytest.approx(np.array(times) / 1000, abs=1e-3)


def test_a_pause_of_minutes_is_kept(finder, tmp_path):
    times = [0, 40, 80, 600_000, 600_033, 600_100]
    file = write(tmp_path / "a.mp4", [dot(i) for i in range(6)], times)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    check(summary.files[0], 6)
    assert times_of(summary.files[1]) == pytest.approx(np.array(times) / 1000, abs=1e-3)


def test_one_that_fails_does_not_end_the_others(finder, tmp_path):
    """Whether it is no video, is not H.264's, or has a folder in its way."""
    (tmp_path / "notes.txt").write_text("a good rally, long\n" * 60)
    wide = write(tmp_path / "wide.mkv", [np.zeros((16, 16400, 3), np.uint8)] * 3, codec="ffv1")
    taken = write(tmp_path / "taken.mp4", [dot(0)])
    (tmp_path / "out" / "taken.csv").mkdir(parents=True)
    good = write(tmp_path / "good.mp4", [dot(i) for i in range(5)])
    with pytest.raises(SystemExit) as stop:
        predict_all(finder, [tmp_path / "notes.txt", wide, taken, good], tmp_path / "out")
    text, size, way = str(stop.value.code).splitlines()
    assert text == f"{tmp_path / 'notes.txt'}: a text file, not a video"
    assert size.startswith(f"{wide}: frames of 16400x16 do not fit into H.264")
    assert way.startswith(f"{taken}: ")
    check(tmp_path / "out" / "good.csv", 5)


@pytest.mark.parametrize("turned", [False, True])
def test_pixels_that_are_not_square_stay_so(finder, tmp_path, turned):
    pictures = [np.rot90(dot(i)).copy() if turned else dot(i) for i in range(4)]
    file = write(tmp_path / "a.mp4", pictures, aspect=Fraction(4, 3))
    if turned:
        turn_clockwise(file)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    check(summary.files[0], 4)
    with av.open(str(summary.files[1])) as container:
        aspect = container.streams.video[0].sample_aspect_ratio
    assert aspect == (Fraction(3, 4) if turned else Fraction(4, 3))


def test_a_phone_s_video_is_upright_and_keeps_its_pace(finder, tmp_path):
    times = [0, 40, 110, 150, 300]
    file = write(tmp_path / "a.mp4", [np.rot90(dot(i)).copy() for i in range(5)], times)
    turn_clockwise(file)
    assert probe(file).frame_bytes == 3 * H * W  # turned in RGB
    [summary] = predict_all(finder, [file], tmp_path / "out")
    check(summary.files[0], 5)
    assert times_of(summary.files[1]) == pytest.approx(np.array(times) / 1000, abs=1e-3)
    first = next(read_raw(summary.files[1]))
    assert (first.height, first.width, first.rotation) == (H, W, 0)


def test_one_frame_and_sound_beside_it(finder, tmp_path):
    one = write(tmp_path / "one.mp4", [dot(0)])
    loud = write(tmp_path / "loud.mp4", [dot(i) for i in range(9)], audio=True)
    first, second = predict_all(finder, [one, loud], tmp_path / "out")
    check(first.files[0], 1)
    check(second.files[0], 9)
    assert len(times_of(first.files[1])) == 1


def test_videos_of_one_name_are_told_apart(finder, tmp_path):
    clubs = [tmp_path / club for club in ("a", "b")]
    for count, club in zip((3, 5), clubs, strict=True):
        club.mkdir()
        write(club / "rally1.mp4", [dot(i) for i in range(count)])
    sources = find_sources(str(tmp_path / "*" / "rally1.mp4"))
    predict_all(finder, sources, tmp_path / "out")
    check(tmp_path / "out" / "a" / "rally1.csv", 3)
    check(tmp_path / "out" / "b" / "rally1.csv", 5)
    assert (tmp_path / "out" / "b" / "rally1_overlay.mp4").is_file()


def test_no_ball_at_all(finder, tmp_path):
    file = write(tmp_path / "a.mp4", [np.zeros((H, W, 3), np.uint8)] * 7)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    assert summary.balls == 0
    assert {(r["Visibility"], r["X"], r["Source"]) for r in rows(summary.files[0])} == {
        ("0", "0.00", "")
    }


def test_a_damaged_tail_is_written_as_far_as_it_goes_and_fails(finder, tmp_path, capsys):
    whole = write(tmp_path / "whole.mp4", [dot(i) for i in range(20)])
    cut = write(
        tmp_path / "cut.mp4",
        [dot(i) for i in range(20)],
        suffix_options={"movflags": "+faststart"},
    )
    with av.open(str(cut)) as container:
        positions = [packet.pos for packet in container.demux(video=0) if packet.size]
    cut.write_bytes(cut.read_bytes()[: positions[12] + 5])
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(SystemExit) as stop:
        predict_all(finder, [cut, empty, whole], tmp_path / "out")
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"warning: {cut}: 1 damaged packets were skipped")
    assert "cut.mp4 is damaged; what could be read is in" in str(stop.value.code)
    assert "empty.mp4" in str(stop.value.code)
    assert "whole" not in str(stop.value.code)
    check(tmp_path / "out" / "whole.csv", 20)
    left = len(rows(tmp_path / "out" / "cut.csv"))
    assert 0 < left < 20
    check(tmp_path / "out" / "cut.csv", left)
    assert len(times_of(tmp_path / "out" / "cut_overlay.mp4")) == left


def test_a_header_that_counts_too_many_is_no_damage(finder, tmp_path, capsys):
    file = write(tmp_path / "a.mp4", [dot(i) for i in range(10)])
    data = file.read_bytes()
    # The edit list ends what is shown after 200 ms; all packets are there.
    at = data.index(b"elst") + 12
    file.write_bytes(data[:at] + (200).to_bytes(4, "big") + data[at + 4 :])
    [summary] = predict_all(finder, [file], tmp_path / "out")
    assert "of the 10 frames that its header promises" in capsys.readouterr().err
    assert 0 < summary.frames < 10
    check(summary.files[0], summary.frames)


@pytest.fixture
def served(tmp_path):
    """Serves a folder on this machine; yields its URL and the folder."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def broken_off(tmp_path):
    """Serves files of a folder that end too early, those called silent after a while."""
    folder, ended = tmp_path / "served", threading.Event()
    folder.mkdir()

    class Early(SimpleHTTPRequestHandler):
        def do_GET(self):
            content = (folder / self.path[1:]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(2 * len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
            if "silent" in self.path:
                ended.wait(20)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Early)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    ended.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("suffix", ["ts", "mp4"])
def test_a_stream_is_followed_to_its_end(finder, served, tmp_path, capsys, suffix):
    url, folder = served
    write(folder / f"match.{suffix}", [dot(i) for i in range(30)])
    [summary] = predict_all(finder, [f"{url}/match.{suffix}?key=1"], tmp_path / "out")
    assert summary.files[0].name == "match.csv"
    check(summary.files[0], 30)
    assert len(times_of(summary.files[1])) == 30
    assert summary.delays.shape == (30,)
    assert (summary.delays > 0).all()
    assert "delay of a frame: median 0." in capsys.readouterr().out


def test_a_file_whose_index_is_at_its_end_is_fetched(finder, served, tmp_path):
    """What players call not optimised for the web: FFmpeg would have to jump, the server cannot."""
    url, folder = served
    noise = np.random.default_rng(0).integers(0, 60, (40, H, W, 3), np.uint8)
    file = write(folder / "match.mp4", [np.maximum(dot(i), noise[i]) for i in range(30)])
    assert file.stat().st_size > 100_000
    [summary] = predict_all(finder, [f"{url}/match.mp4"], tmp_path / "out")
    check(summary.files[0], 30)


def test_a_stream_that_breaks_off_gives_every_frame_that_came(finder, tmp_path, broken_off, capsys):
    folder, url = broken_off
    write(folder / "a.ts", [dot(i) for i in range(30)], bf=2)
    with pytest.raises(SystemExit, match=r"a.ts is damaged; what could be read is in"):
        predict_all(finder, [f"{url}/a.ts"], tmp_path / "out")
    assert "a.ts: the stream broke off" in capsys.readouterr().err
    check(tmp_path / "out" / "a.csv", 30)


@pytest.fixture
def heeds_ctrl_c():
    """A shell lets what it starts in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_ctrl_c_is_the_end_of_a_stream(finder, tmp_path, broken_off, monkeypatch, suffix):
    folder, url = broken_off
    monkeypatch.setattr(container, "SILENCE", 2.0)
    write(folder / f"silent.{suffix}", [dot(i) for i in range(30)])
    ctrl_c = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    ctrl_c.start()
    [summary] = predict_all(finder, [f"{url}/silent.{suffix}"], tmp_path / "out")
    assert 15 < summary.frames <= 30
    check(summary.files[0], summary.frames)
    assert len(times_of(summary.files[1])) == summary.frames
    assert not list(summary.files[0].parent.glob("*.unfinished"))


def test_a_stream_that_is_not_there(finder, served, tmp_path):
    url, _ = served
    with pytest.raises(SystemExit, match=r"lost.ts: the stream cannot be opened"):
        predict_all(finder, [f"{url}/lost.ts"], tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_tracking_picks_weak_balls_and_fills_what_is_missing(predictor, tmp_path, mode):
    pictures = [dot(i) for i in range(20)]
    pictures[8] //= 2  # faint
    pictures[14] *= 0  # hidden
    file = write(tmp_path / "a.mp4", pictures)
    costs = {"weak": 0.5, "start": 0.1, "turn": 0.1}
    tracker = OnlineTracker(**costs) if mode == "online" else OfflineTracker(**costs, gap=3)
    finder = predictor(threshold=0.6, tracker=tracker)
    [summary] = predict_all(finder, [file], tmp_path / "out")
    found = rows(summary.files[0])
    sources = [row["Source"] for row in found]
    expected = ["detected"] * 20
    expected[8], expected[14] = "tracked", "interpolated" if mode == "offline" else ""
    assert sources == expected
    assert len(times_of(summary.files[1])) == 20
    x, y = float(found[14]["X"]), float(found[14]["Y"])
    assert (np.hypot(x - centre(14)[0], y - centre(14)[1]) < 1.5) == (mode == "offline")


def test_a_stream_cannot_be_tracked_offline(predictor, served, tmp_path):
    url, _ = served
    finder = predictor(tracker=OfflineTracker())
    with pytest.raises(SystemExit, match="use tracking=online"):
        predict_all(finder, [f"{url}/a.ts"], tmp_path / "out")
    with pytest.raises(InputError, match="use tracking=online"):
        next(finder.stream([dot(0)], live=True))


def test_a_stream_is_followed_by_what_is_there_for_it(predictor, finder, served, tmp_path):
    url, folder = served
    write(folder / "match.ts", [dot(i) for i in range(30)])
    patient = predictor(overlap="mean", tracker=OfflineTracker(), threshold=1)
    patient.live = finder
    [summary] = predict_all(patient, [f"{url}/match.ts"], tmp_path / "out")
    check(summary.files[0], 30)
    assert patient.predict(f"{url}/match.ts").visible.all()


def test_labels_are_not_replaced_and_the_next_video_is_done(finder, tmp_path):
    """Into the folder of the videos, where the labels are called as predictions would be."""
    sources = [write(tmp_path / f"{name}.mp4", [dot(i) for i in range(6)]) for name in "ab"]
    labels = tmp_path / "a.csv"
    labels.write_text("Frame,Visibility,X,Y,Score,Source\n0,1,3.00,4.00,0.9000,detected\n")
    kept = labels.read_text()
    with pytest.raises(SystemExit, match=r"a\.mp4: .*a\.csv: is there already"):
        predict_all(finder, sources, tmp_path)
    assert labels.read_text() == kept
    check(tmp_path / "b.csv", 6)
    assert not (tmp_path / "a.csv.unfinished").exists()


def test_the_same_again_replaces_its_own_until_somebody_corrects_it(finder, tmp_path):
    source = write(tmp_path / "a.mp4", [dot(i) for i in range(6)])
    out = tmp_path / "out"
    predict_all(finder, [source], out)
    [summary] = predict_all(finder, [source], out)
    check(out / "a.csv", 6)
    table, overlay = summary.files
    (out / "a.csv.unfinished").touch()  # killed in the middle
    table.write_text("Frame,Visib")
    predict_all(finder, [source], out)
    check(table, 6)
    overlay.write_bytes(overlay.read_bytes() + b"cut by somebody")
    with pytest.raises(SystemExit, match=r"a_overlay\.mp4: is there already"):
        predict_all(finder, [source], out)
    assert overlay.read_bytes().endswith(b"somebody")
