"""Every clip is decoded once, and nothing half-written is ever opened."""

import errno
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from filelock import FileLock
from torch.utils.data import DataLoader

from tracknet.data.store import FrameStore
from tracknet.data.window_dataset import WindowDataset, collated
from tracknet.errors import InputError
from tracknet.geometry import Affine, Letterbox, Stretch
from tracknet.types import Labels
from tracknet.video import VideoError, VideoWriter

LEVELS = 40 + 12 * np.arange(9)


def folders(store):
    return sorted(store.root.iterdir()) if store.root.exists() else []


def written(store):
    return {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}


def picture_folder(folder: Path, levels, suffix=".png", size=(32, 64)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i, value in enumerate(levels):
        cv2.imwrite(str(folder / f"{i}{suffix}"), np.full((*size, 3), value, np.uint8))
    return folder


def test_holds_the_frames_at_network_size(store, make_clip):
    (clip,), problems = store.open([make_clip("a", 9, size=(64, 128))])
    assert problems == []
    assert (len(clip), clip.fps, clip.fit.source) == (9, Fraction(25), (64, 128))
    assert (clip.frames.shape, clip.frames.dtype) == ((9, 32, 64, 3), np.uint8)
    assert np.abs(clip.frames.mean((1, 2, 3)) - LEVELS).max() < 3
    assert np.abs(clip.background - LEVELS[4].astype(float)).max() < 4
    with pytest.raises(ValueError, match="read-only"):
        clip.frames[0] = 0


def test_a_clip_is_decoded_once(store, make_clip):
    clips = [make_clip("a", 5), make_clip("b", 3)]
    store.open(clips)
    before = written(store)
    again, _ = FrameStore(store.root, store.image_size).open(clips[::-1])
    assert written(store) == before
    assert [len(clip) for clip in again] == [3, 5]


def test_a_changed_source_is_decoded_again(store, make_clip):
    store.open([make_clip("a", 5)])
    (clip,), _ = store.open([make_clip("a", 4, first=2)])
    assert len(clip) == 4
    assert clip.frames[0].mean() == pytest.approx(LEVELS[2], abs=3)
    os.utime(clip.clip.source, ns=(0, 0))
    store.open([clip.clip])
    assert len(folders(store)) == 3


def test_another_size_is_decoded_beside_it(store, make_clip):
    clip = make_clip("a", 5)
    store.open([clip])
    (small,), _ = FrameStore(store.root, (16, 24)).open([clip])
    (same,), _ = store.open([clip])
    assert (small.frames.shape, same.frames.shape) == ((5, 16, 24, 3), (5, 32, 64, 3))
    for found in (small, same):
        assert found.frames[4, 8, 8].mean() == pytest.approx(LEVELS[4], abs=3)


@dataclass(frozen=True)
class Zoomed(Letterbox):
    """A fit of one's own, with an option."""

    times: int = 1

    def resize(self, frame: np.ndarray) -> np.ndarray:
        h, w = frame.shape[:2]
        return super().resize(frame[: h // self.times, : w // self.times])


def test_another_fit_or_option_is_decoded_beside_it(make_clip, tmp_path):
    clip = replace(make_clip("a", 1), source=picture_folder(tmp_path / "a", [], size=(64, 64)))
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8), 3).reshape(1, 64, 3)
    cv2.imwrite(str(clip.source / "0.png"), ramp.repeat(64, 0))
    fits = Letterbox, Stretch, Affine, Zoomed, partial(Zoomed, times=2), partial(Zoomed, times=4)

    def opened(fit):
        return FrameStore(tmp_path / "store", (32, 48), fit).open([clip])[0][0]

    first = {fit: opened(fit) for fit in fits}
    assert len({one.folder for one in first.values()}) == len(fits)
    pixels = {fit: one.frames.tobytes() for fit, one in first.items()}
    assert pixels[Zoomed] == pixels[Letterbox]
    assert len({*pixels.values()}) == len(fits) - 1
    for fit in (Stretch, partial(Zoomed, times=2), partial(Letterbox)):
        again = opened(fit)
        assert any(again.folder == one.folder for one in first.values())
        assert again.fit == fit((64, 64), (32, 48))


@pytest.mark.parametrize("fit", [Letterbox, Stretch, Affine])
def test_decoded_videos_and_folders_of_frames_are_fitted_alike(make_clip, tmp_path, fit):
    video, store = make_clip("a", 1, size=(64, 64)), FrameStore(tmp_path / "store", (32, 48), fit)
    folder = picture_folder(tmp_path / "frames", LEVELS[:1], size=(64, 64))
    (one, other), _ = store.open([video, replace(video, name="b", source=folder)])
    assert one.fit == other.fit == fit((64, 64), (32, 48))
    assert np.abs(one.frames.astype(int) - other.frames).max() <= 3
    assert np.array_equal(one.network_xy, fit((64, 64), (32, 48)).to_network(video.labels.xy))


def test_a_folder_of_frames_is_followed(store, make_clip, tmp_path):
    folder = picture_folder(tmp_path / "frames", LEVELS[:4])
    clip = replace(make_clip("a", 1), source=folder)
    assert store.open([clip])[0][0].frames[:, 0, 0, 0].tolist() == LEVELS[:4].tolist()
    before = written(store)
    store.open([clip])
    assert written(store) == before
    cv2.imwrite(str(folder / "4.png"), np.full((32, 64, 3), 200, np.uint8))
    assert store.open([clip])[0][0].frames[:, 0, 0, 0].tolist() == [*LEVELS[:4], 200]


def test_folders_that_agree_in_names_sizes_and_times_are_told_apart(store, make_clip, tmp_path):
    clips = []
    for name, value in (("a", 50), ("b", 90)):
        folder = picture_folder(tmp_path / name, [value] * 2, ".bmp")
        for file in folder.iterdir():
            os.utime(file, ns=(10**18, 10**18))
        clips.append(replace(make_clip(name, 1), source=folder))
    a, b = store.open(clips)[0]
    assert (a.frames.max(), b.frames.min()) == (50, 90)


def test_what_a_killed_run_left_is_removed_and_what_is_in_use_is_not(store, make_clip):
    clip = make_clip("a", 5)
    for name in (".writing-killed", ".writing-running"):
        (store.root / name / "clip").mkdir(parents=True)
        (store.root / name / "clip" / "frames.u8").write_bytes(bytes(100))
    running = store.root / ".writing-running"
    with FileLock(running / "lock"):
        (found,), problems = store.open([clip])
        assert problems == []
        assert folders(store) == [running, found.folder]
        assert (running / "clip" / "frames.u8").exists()
    store.open([clip])
    assert folders(store) == [found.folder]  # also where nothing is left to decode


KILLED = """
import sys
from pathlib import Path
from tracknet.data.store import FrameStore
from tracknet.types import Clip, Labels
import numpy as np

labels = Labels(np.zeros((0, 2), np.float32), np.zeros(0, np.int8))
FrameStore(sys.argv[1], (256, 512)).open([Clip("a", "m", Path(sys.argv[2]), labels)])
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_writing_is_repaired_by_the_next_run(tmp_path, make_clip):
    clip = make_clip("a", 9)
    with VideoWriter(clip.source, (256, 512), Fraction(25)) as writer:
        for i in range(200):
            writer.write(np.full((256, 512, 3), i, np.uint8))
    store = FrameStore(tmp_path / "large", (256, 512))
    run = subprocess.Popen([sys.executable, "-c", KILLED, str(store.root), str(clip.source)])
    while run.poll() is None and not any(f.stat().st_size for f in store.root.rglob("*.u8")):
        time.sleep(0.005)
    run.kill()
    assert run.wait() < 0, "the store was written before it could be interrupted"
    (left,) = folders(store)
    assert left.name.startswith(".writing-")
    (found,), problems = store.open([clip])
    assert (problems, len(found)) == ([], 200)
    assert found.frames[199].mean() == pytest.approx(199, abs=3)
    assert folders(store) == [found.folder]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "meta.json").unlink(),
        lambda folder: (folder / "meta.json").write_text("{"),
        lambda folder: (folder / "meta.json").write_text("[]"),
        lambda folder: (folder / "background.u8").unlink(),
        lambda folder: os.truncate(folder / "background.u8", 100),
        lambda folder: os.truncate(folder / "frames.u8", 100),
        lambda folder: (folder / "seen.json").write_text("[" * 100_000),
        lambda folder: (shutil.rmtree(folder), folder.write_text("a file")),
    ],
    ids=[
        "no meta",
        "broken meta",
        "other meta",
        "no background",
        "short background",
        "short",
        "deep",
        "no folder",
    ],
)
def test_a_damaged_entry_is_decoded_anew(store, make_clip, damage):
    clip = make_clip("a", 5)
    (first,), _ = store.open([clip])
    files = sorted(first.folder.iterdir())
    damage(first.folder)
    (again,), problems = store.open([clip])
    assert problems == []
    assert folders(store) == [first.folder]
    assert sorted(again.folder.iterdir()) == files
    assert again.frames[4].mean() == pytest.approx(LEVELS[4], abs=3)


ODD = {
    "a missing key": ("claimed", None),
    "a key too many": ("more", 1),
    "no frames": ("frames", 0),
    "true frames": ("frames", True),
    "huge frames": ("frames", 10**30),
    "frames as text": ("frames", "5"),
    "a negative size": ("size", [-32, 64]),
    "one side": ("size", [32]),
    "a size of fractions": ("size", [32.0, 64]),
    "frames in no time": ("fps", "1/0"),
    "no rate": ("fps", "0"),
    "a negative rate": ("fps", "-25"),
    "a rate as a number": ("fps", 25),
    "a rate of many digits": ("fps", "1e99999999"),
    "damaged in words": ("damaged", "no"),
    "repeats in no order": ("repeats", [3, 2]),
    "a repeat behind the end": ("repeats", [5]),
    "a repeat before the second frame": ("repeats", [0]),
    "repeats in words": ("repeats", ["2"]),
    "no digests": ("digests", {}),
    "digests as text": ("digests", "0" * 64),
}


@pytest.mark.parametrize(("key", "value"), ODD.values(), ids=ODD)
def test_an_entry_that_says_what_cannot_be_is_decoded_anew(store, make_clip, key, value):
    clip = make_clip("a", 5)
    (first,), _ = store.open([clip])
    file = first.folder / "meta.json"
    sound = json.loads(file.read_text())
    odd = {**sound, key: value}
    file.write_text(json.dumps({name: own for name, own in odd.items() if own is not None}))
    (again,), problems = store.open([clip])
    assert (problems, len(again), again.fps) == ([], 5, 25)
    assert json.loads(file.read_text()) == sound


@pytest.mark.parametrize("name", ["frames.u8", "background.u8"])
def test_a_poisoned_entry_is_found_and_decoded_anew(store, make_clip, name):
    """Of the right length, and as old as before; only the content is another."""
    clips = [make_clip("a", 5), make_clip("b", 5)]
    file = store.open(clips)[0][0].folder / name
    sound, stat = file.read_bytes(), file.stat()
    file.write_bytes(bytes(len(sound)))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    opened, (problem,) = store.open(clips)
    assert (problem.kind, problem.clip, len(opened)) == ("changed", "a", 2)
    assert "clip a: its frames in the store were changed since" in problem.message
    assert file.read_bytes() == sound
    assert store.open(clips)[1] == []


def test_a_copied_store_is_read_once_and_trusted_after(store, make_clip, monkeypatch):
    clip = make_clip("a", 5)
    store.open([clip])
    copy = FrameStore(store.root.with_name("copy"), store.image_size)
    shutil.copytree(store.root, copy.root)
    before = {path: time for path, time in written(copy).items() if path.suffix == ".u8"}
    assert copy.open([clip])[1] == []
    assert before.items() <= written(copy).items()  # not decoded
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert copy.open([clip])[1] == []


def test_a_copy_that_may_not_be_written_to_is_read_each_time(store, make_clip, monkeypatch):
    clip = make_clip("a", 5)
    (found,), _ = store.open([clip])
    (found.folder / "seen.json").unlink()

    def refuses(*_):
        raise PermissionError(errno.EACCES, "not yours")

    monkeypatch.setattr(os, "replace", refuses)
    assert len(store.open([clip])[0]) == 1
    assert not (found.folder / "seen.json").exists()


def test_frames_are_on_the_disk_before_they_have_their_name(store, make_clip, monkeypatch):
    flushed, fsync = [], os.fsync

    def noted(descriptor):
        flushed.append(os.fstat(descriptor).st_ino)
        assert [folder.name[:9] for folder in folders(store)] == [".writing-"]
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    (found,), _ = store.open([make_clip("a", 5)])
    assert {file.stat().st_ino for file in found.folder.iterdir()} <= {*flushed}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "damage", [shutil.rmtree, lambda folder: os.truncate(folder / "frames.u8", 100)]
)
def test_an_entry_that_goes_in_mid_run_is_one_sentence(store, make_clip, damage, workers):
    (clip,), _ = store.open([make_clip("a", 9)])
    dataset = WindowDataset([clip], frames=3)
    loader = DataLoader(dataset, 2, num_workers=workers, collate_fn=collated)
    damage(clip.folder)
    said = ""
    try:
        list(loader)
    except VideoError as error:
        said = str(error)
        error.__traceback__ = None  # it is in a circle, in which PyTorch waits for its workers
    assert said.splitlines()[-1].endswith(
        f"{clip.folder / 'frames.u8'} was removed or cut while it was in use; start again, and the "
        "store decodes the clip anew"
    )
    with pytest.raises(VideoError, match="was removed or cut"):
        _ = clip.frames


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of Unix")
def test_a_file_system_without_locks(store, make_clip, monkeypatch):
    def refuses(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", refuses)
    others = store.root / ".writing-other"
    others.mkdir(parents=True)
    clips = [make_clip("a", 5), make_clip("b", 3)]
    for _ in range(2):
        opened, problems = store.open(clips)
        assert ([len(clip) for clip in opened], problems) == ([5, 3], [])
    assert folders(store) == sorted([others, *(clip.folder for clip in opened)])  # it may be in use


def test_a_folder_that_is_always_gone_is_not_waited_for(store, make_clip, monkeypatch):
    clip = make_clip("a", 1)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    with pytest.raises(InputError, match="removed all of 100 new folders there"):
        store.open([clip])


def test_a_pipe_is_no_clip(store, make_clip, tmp_path):
    good = make_clip("a", 3)
    os.mkfifo(tmp_path / "pipe.mp4")
    (found,), (problem,) = store.open([replace(good, name="b", source=tmp_path / "pipe.mp4"), good])
    assert found.clip is good
    assert "pipe.mp4: neither a file nor a folder" in problem.message


def test_an_entry_of_another_version_is_left_alone(store, make_clip, monkeypatch):
    clip = make_clip("a", 5)
    monkeypatch.setattr("tracknet.data.store.VERSION", 1)
    (old,), _ = store.open([clip])
    (old.folder / "meta.json").write_text("of another shape")
    monkeypatch.undo()
    (new,), _ = store.open([clip])
    assert new.folder != old.folder
    assert len(new.frames) == 5


LIMITED = """
import resource
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a process as Unix does")
def test_a_disk_that_fills_up_ends_the_job_and_leaves_nothing(tmp_path, make_clip):
    clip, root = make_clip("a", 1, size=(256, 512)), tmp_path / "full"
    code = [sys.executable, "-c", "import sys" + LIMITED + KILLED, str(root), str(clip.source)]
    run = subprocess.run(code, capture_output=True, text=True)
    assert run.returncode == 1
    said = run.stderr.splitlines()[-1]
    assert f"the disk of the frame store {root} has no room for clip a at 256x512: about " in said
    assert said.endswith("free some space, or set paths.store to a folder on a larger disk")
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])  # the latter count no frames
def test_a_disk_that_is_too_small_is_refused_before_the_first_byte(
    store, make_clip, convert, monkeypatch, suffix
):
    clip = make_clip("a", 9)
    clip = replace(clip, source=convert(clip.source, clip.source.with_name(f"b{suffix}")))
    usage = shutil.disk_usage(clip.source)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    said = r"1 clips at 32x64: about 55.3 kB needed, 1.0 kB free; .* set paths.store to"
    with pytest.raises(OSError, match=said):
        store.open([clip])
    assert folders(store) == []


def test_the_data_may_be_read_only(store, make_clip):
    clip = make_clip("a", 3)
    clip.source.chmod(0o444)
    clip.source.parent.chmod(0o555)
    try:
        (found,), problems = store.open([clip])
    finally:
        clip.source.parent.chmod(0o755)
    assert (problems, len(found)) == ([], 3)
    assert [path.name for path in clip.source.parent.iterdir()] == ["a.mp4"]


def test_a_clip_that_breaks_half_way_leaves_nothing(store, make_clip, tmp_path):
    folder = picture_folder(tmp_path / "frames", LEVELS[:4])
    (folder / "3.png").write_bytes(b"no picture")
    clip = replace(make_clip("a", 1), source=folder)
    opened, (problem,) = store.open([clip])
    assert opened == []
    assert "3.png: cannot be read" in problem.message
    assert folders(store) == []
    picture_folder(folder, LEVELS[:4])
    assert len(store.open([clip])[0][0]) == 4


def test_two_runs_may_decode_the_same_clip(store, make_clip):
    clip = make_clip("a", 9)
    with ThreadPoolExecutor(4) as pool:
        found = [clips[0] for clips, _ in pool.map(store.open, [[clip]] * 4)]
    assert folders(store) == [found[0].folder]
    assert all(np.array_equal(one.frames, found[0].frames) for one in found)


@pytest.fixture
def broken(make_clip, tmp_path):
    """Clips that cannot be used, by name, with what is said of each."""
    text, absent, empty = tmp_path / "text.mp4", tmp_path / "absent.mp4", tmp_path / "empty"
    text.write_text("no video")
    nothing = tmp_path / "nothing.mp4"
    nothing.touch()
    empty.mkdir()
    mixed = picture_folder(tmp_path / "mixed", LEVELS[:2])
    cv2.imwrite(str(mixed / "2.png"), np.zeros((32, 48, 3), np.uint8))
    cut = make_clip("cut", 9).source
    cut.write_bytes(cut.read_bytes()[:600])
    clip = make_clip("a", 1)
    said = {
        text: "not a video",
        nothing: "not a video",
        absent: "no such file",
        empty: "holds no picture",
        mixed: "frame 2 is 48x32",
        cut: "",
    }
    return [replace(clip, name=path.stem, source=path) for path in said], list(said.values())


def test_broken_clips_are_reported_and_do_not_end_the_job(store, make_clip, broken):
    clips, said = broken
    good, problems = store.open([make_clip("first", 3), *clips, make_clip("last", 4)])
    assert [clip.clip.name for clip in good] == ["first", "last"]
    assert [problem.clip for problem in problems] == [clip.name for clip in clips]  # in order
    for clip, words, problem in zip(clips, said, problems, strict=True):
        assert words in problem.message
        assert str(clip.source) in problem.message
        assert problem.message.endswith("; the clip is left out")
    assert len(folders(store)) == 2


def test_of_clips_that_are_all_broken_each_is_reported(store, broken):
    opened, problems = store.open(broken[0])
    assert (opened, len(problems)) == ([], 6)
    assert store.open([]) == ([], [])


def test_what_follows_damage_is_not_used(store, make_clip):
    """A frame that is lost would move every later one to its neighbour's label."""
    clip = make_clip("a", 9, 20)
    with av.open(str(clip.source), "w") as container:
        stream = container.add_stream("libx264", 25, options={"g": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for i in range(20):
            picture = np.full((32, 64, 3), 8 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    with av.open(str(clip.source)) as container:
        packet = [p for p in container.demux(video=0) if p.size][7]
        position, size = packet.pos, packet.size
    content = bytearray(clip.source.read_bytes())
    content[position : position + size] = b"\xff" * size
    clip.source.write_bytes(content)
    for _ in range(2):  # decoded, and found in the store
        (found,), (problem, _) = store.open([clip])
        assert (problem.kind, problem.clip, problem.frame) == ("damaged", "a", len(found))
        assert f"a: its video is damaged after {len(found)} frames" in problem.message
        assert 1 <= len(found) <= 7
        shown = found.frames[:, 16, 32, 0].astype(int)
        assert np.abs(shown - 8 * np.arange(len(found))).max() < 6


def test_a_link_to_nowhere_costs_its_clip_not_the_job(store, make_clip, tmp_path):
    good, frames = make_clip("a", 3), tmp_path / "frames"
    frames.mkdir()
    (frames / "0.png").symlink_to(tmp_path / "nowhere.png")
    (found,), (problem,) = store.open([good, replace(good, name="b", source=frames)])
    assert found.clip is good
    assert problem.clip == "b"
    assert "nowhere" in problem.message or "0.png" in problem.message


def test_a_video_that_ends_too_early_is_read_as_far_as_it_goes(store, make_clip):
    clip, noise = make_clip("a", 9), np.random.default_rng(0)
    with VideoWriter(clip.source, (32, 64), Fraction(25)) as writer:
        for _ in range(9):
            writer.write(noise.integers(0, 255, (32, 64, 3), np.uint8))
    content = clip.source.read_bytes()
    clip.source.write_bytes(content[: len(content) * 2 // 3])
    (found,), (problem, _) = store.open([clip])
    assert 1 <= len(found) < 9
    assert (problem.kind, problem.frame) == ("damaged", len(found))
    assert found.frames.std() > 20


@pytest.mark.parametrize("labelled", [0, 3, 5, 8])
def test_labels_are_brought_to_the_videos_length(store, make_clip, labelled):
    clip = make_clip("a", 5, labelled)
    (found,), _ = store.open([clip])
    kept = min(labelled, 5)
    assert len(found) == len(found.labels) == len(found.network_xy) == 5
    assert found.labels.visibility[:kept].tolist() == clip.labels.visibility[:kept].tolist()
    assert (found.labels.visibility[kept:] == -1).all()
    assert np.isnan(found.network_xy[kept:]).all()


def test_a_worker_gets_a_clip_without_its_pixels(store, make_clip):
    (clip,), _ = store.open([make_clip("a", 9)])
    pixels = clip.frames, clip.background, clip.network_xy
    pickled = pickle.dumps(clip)
    assert len(pickled) < min(pixels[0].nbytes, pixels[1].nbytes) / 2
    again = pickle.loads(pickled)
    assert np.array_equal(again.frames, clip.frames)
    assert np.array_equal(again.background, clip.background)
    assert np.array_equal(again.network_xy, clip.network_xy, equal_nan=True)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux does")
def test_clips_in_use_hold_no_files_open(store, make_clip):
    clips, _ = store.open([make_clip(name, 2) for name in "abcde"])
    before = len(os.listdir("/proc/self/fd"))
    assert all(len(clip.frames) and len(clip.background) for clip in clips)
    assert len(os.listdir("/proc/self/fd")) == before


def test_others_may_read_the_store(store, make_clip):
    (clip,), _ = store.open([make_clip("a", 2)])
    assert clip.folder.stat().st_mode == store.root.stat().st_mode


def test_positions_move_with_the_frame_and_back(make_clip, tmp_path):
    store = FrameStore(tmp_path / "store", (32, 48))  # 64x64 -> 32x32 between black borders
    clip = make_clip("a", 3, size=(64, 64))
    labels = Labels(np.array([[0, 0], [31.5, 31.5], [63, 63]], np.float32), np.ones(3, np.int8))
    (found,), _ = store.open([replace(clip, labels=labels)])
    assert found.network_xy.tolist() == [[7.75, -0.25], [23.5, 15.5], [39.25, 31.25]]
    track = found.track(np.column_stack([found.network_xy, [0.1, 0.2, 0.3]]))
    np.testing.assert_allclose(track.xy, labels.xy)
    assert track.score.tolist() == [0.1, 0.2, 0.3]
    assert track.visible.all()


@pytest.fixture
def repeating(store, make_clip):
    """A stored clip of 36 frames that shows every fifth of its 30 again."""
    made = make_clip("a", 9)
    rows = np.arange(36)
    xy, visibility = np.stack([rows, rows / 2], 1).astype(np.float32), np.ones(36, np.int8)
    made = replace(made, labels=Labels(xy, visibility))
    numbers = np.repeat(np.arange(30), [1, 1, 1, 1, 2] * 6)
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (18, 32 + 30, 3), np.uint8)
    with VideoWriter(made.source, (144, 256), Fraction(30), crf=5) as writer:
        for number in numbers:
            writer.write(cv2.resize(ground[:, number : number + 32], (256, 144)))
    (clip,), problems = store.open([made])
    assert not problems
    return clip


def test_frames_that_repeat_are_known_and_left_out(repeating):
    clip = repeating
    assert len(clip) == 36
    # Of the last one nothing behind it could tell.
    assert list(clip.repeats) == [5, 11, 17, 23, 29]
    once = clip.once()
    kept = np.delete(np.arange(36), clip.repeats)
    assert [once.number(row) for row in range(len(once))] == kept.tolist()
    np.testing.assert_array_equal(once.frames, clip.frames[kept])
    np.testing.assert_array_equal(once.background, clip.background)
    np.testing.assert_array_equal(once.labels.xy, clip.labels.xy[kept])
    np.testing.assert_array_equal(once.labels.visibility, clip.labels.visibility[kept])
    np.testing.assert_array_equal(once.network_xy, clip.network_xy[kept])
    assert once.once().frames.shape == once.frames.shape
    assert clip.number(7) == 7


@pytest.mark.parametrize(("start", "count"), [(0, 31), (3, 4), (4, 2), (5, 1), (9, 22)])
def test_frames_are_read_over_those_that_are_left_out(repeating, start, count):
    once = repeating.once()
    out = np.empty((count, *once.fit.target, 3), np.uint8)
    once.read(out, start)
    np.testing.assert_array_equal(out, once.frames[start : start + count])


def test_frames_that_are_gone_are_named_there_too(repeating):
    once = repeating.once()
    file = once.folder / "frames.u8"
    os.truncate(file, file.stat().st_size * 3 // 4)
    with pytest.raises(VideoError, match="was removed or cut"):
        np.asarray(once.frames)
    with pytest.raises(VideoError, match="was removed or cut"):
        once.read(np.empty((31, *once.fit.target, 3), np.uint8))
