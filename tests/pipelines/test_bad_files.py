"""One bad file never ends a batch: the others are done, it is named, and the command fails."""

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.bombs import png, video
from tracknet.pipelines.labelling import from_labels, to_cvat
from tracknet.pipelines.predict import predict_all
from tracknet.pipelines.prepare import prepare
from tracknet.video import VideoWriter, find_sources

TABLE = b"Frame,Visibility,X,Y\n" + b"".join(b"%d,1,9,9\n" % i for i in range(6))
EXPORT = (
    b"<annotations><meta><task><size>3</size><source>%s.mp4</source></task></meta>"
    b'<track label="ball"><points frame="1" outside="0" occluded="0" points="1,2"/></track>'
    b"</annotations>"
)
Put = Callable[[Path], object]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and users of Unix")


def whole_video(path: Path) -> None:
    with VideoWriter(path, (96, 160), Fraction(25)) as writer:
        for i in range(6):
            picture = np.zeros((96, 160, 3), np.uint8)
            picture[40:47, 20 + 4 * i : 27 + 4 * i] = 255
            writer.write(picture)


def frames(third: Put) -> Put:
    """A folder of five pictures, the third of which is put there."""

    def put(path: Path) -> None:
        path.with_suffix("").mkdir()
        for i in (0, 1, 3, 4):
            cv2.imwrite(str(path.with_suffix("") / f"{i}.png"), np.zeros((96, 160, 3), np.uint8))
        third(path.with_suffix("") / "2.png")

    return put


def holding(content: bytes) -> Put:
    return lambda path: path.write_bytes(content)


def cut(path: Path) -> None:
    whole_video(path)
    path.write_bytes(path.read_bytes()[:400])


def locked(path: Path) -> None:
    path.write_bytes(b"content")
    path.chmod(0)


def zipped(path: Path) -> bytearray:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", EXPORT % b"bad")
    return bytearray(path.read_bytes())


def encrypted(path: Path) -> None:
    content = zipped(path)
    content[6] = content[content.rindex(b"PK\1\2") + 8] = 1
    path.write_bytes(content)


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", bytes(70_000_000))


ANY: dict[str, Put] = {
    "nothing": holding(b""),
    "text": holding(b"what somebody wrote"),
    "noise": holding(np.random.default_rng(0).bytes(5000)),
    "circle": lambda path: path.symlink_to(path),
    "nowhere": lambda path: path.symlink_to(path.with_name("absent")),
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
}
if sys.platform != "win32" and os.geteuid():  # root may read everything
    ANY["locked"] = locked
VIDEOS = ANY | {
    "cut": cut,
    "lies": lambda path: video(path, [png(20_000, 20_000)] * 3),
    "bad_picture": frames(holding(b"no picture")),
    "picture_lies": frames(holding(png(100_000, 100_000))),
    "other_size": frames(lambda path: cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))),
    "endless_picture": frames(lambda path: path.symlink_to("/dev/zero")),
    "waiting_picture": frames(lambda path: os.mkfifo(path)),
}
TABLES = ANY | {
    "zeros_behind": holding(TABLE + bytes(100)),
    "zeros": holding(bytes(1000)),
    "latin": holding(TABLE + b"6,1,9,9\xe9\n"),
    "utf_16": holding(TABLE.decode().encode("utf-16")),
    "huge_frame": holding(TABLE + b"1000000000,1,9,9\n"),
}
EXPORTS = {f"{name}.{kind}": put for name, put in ANY.items() for kind in ("xml", "json")} | {
    "deep.json": holding(b'[{"a":' * 100_000),
    "many.json": holding(b"[" * 4_000_000),
    "huge_frame.json": holding(
        b'[{"data": {"video": "a.mp4"}, "annotations": [{"result": [{"value": {"framesCount": '
        b'1e99, "sequence": []}}]}]}]'
    ),
    "nothing.zip": ANY["nothing"],
    "noise.zip": ANY["noise"],
    "encrypted.zip": encrypted,
    "cut.zip": lambda path: path.write_bytes(zipped(path)[:60]),
    "bomb.zip": bomb,
    "deep.xml": holding(b"<annotations>" + b"<a>" * 100_000),
    "huge_frame.xml": holding((EXPORT % b"bad").replace(b'frame="1"', b'frame="1000000000"')),
    "huge_task.xml": holding((EXPORT % b"bad").replace(b"<size>3", b"<size>100000000")),
    "long_name.xml": holding(EXPORT % (b"bad" * 100)),
}


def names_of(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.startswith(".")}


def check(raised: pytest.ExceptionInfo[SystemExit], bad: Iterable[Path]) -> None:
    """The exit code is 1, which a text's is, and each bad file is named in a line of its own."""
    said = str(raised.value.code).splitlines()
    assert len(said) == len([*bad])
    for path in bad:
        assert len([line for line in said if line.startswith(str(path))]) == 1, path
    assert raised.value.code not in (None, 0, 2)


@pytest.fixture
def videos(tmp_path) -> Path:
    """A folder of two sound videos, the first and the last, and of all bad ones between them."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a", "z"):
        whole_video(folder / f"{name}.mp4")
    for name, put in VIDEOS.items():
        put(folder / f"m_{name}.mp4")
    return folder


@pytest.fixture
def tables(tmp_path) -> Path:
    """The same of tables, all of them of sound videos."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("a", "z"):
        (folder / f"{name}.csv").write_bytes(TABLE)
    for name, put in TABLES.items():
        put(folder / f"m_{name}.csv")
    for file in sorted(folder.iterdir()):
        whole_video(file.with_suffix(".mp4"))
    return folder


def test_predict(predictor, videos, tmp_path):
    sources = find_sources(f"{videos}/*")
    with pytest.raises(SystemExit) as raised:
        predict_all(predictor(), sources, tmp_path / "out")
    check(raised, sources[1:-1])
    assert len(sources) == 2 + len(VIDEOS)
    written = names_of(tmp_path / "out")
    assert {"a.csv", "a_overlay.mp4", "z.csv", "z_overlay.mp4"} <= written
    assert len([name for name in written if name.endswith(".mp4")]) == 2
    assert (tmp_path / "out" / "z.csv").read_text().count("\n") == 7


def test_to_cvat_of_videos(compose, videos, tmp_path):
    labels, sources = tmp_path / "labels", find_sources(f"{videos}/*")
    labels.mkdir()
    for source in sources:
        (labels / f"{source.name.removesuffix('.mp4')}.csv").write_bytes(TABLE)
    out = tmp_path / "out"
    settings = [f"source={videos}/*", f"labels={labels}", f"paths.output={out}"]
    cfg = compose("to_cvat", settings)
    with pytest.raises(SystemExit) as raised:
        to_cvat(cfg)
    check(raised, sources[1:-1])
    assert names_of(out) == {"a.xml", "z.xml", "labels.json"}


def test_to_cvat_of_tables(compose, tables, tmp_path):
    out = tmp_path / "out"
    settings = [f"source={tables}/*.mp4", f"labels={tables}", f"paths.output={out}"]
    cfg = compose("to_cvat", settings)
    with pytest.raises(SystemExit) as raised:
        to_cvat(cfg)
    check(raised, sorted(tables.glob("m_*.csv")))
    assert names_of(out) == {"a.xml", "z.xml", "labels.json"}


def test_from_labels(compose, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a", "z"):
        (folder / f"{name}.xml").write_bytes(EXPORT % name.encode())
    for name, put in EXPORTS.items():
        put(folder / f"m_{name}")
    whole_video(tmp_path / "a.mp4")
    tasks = [{"data": {"video": "a.mp4"}, "annotations": [{"result": []}]}]
    (folder / "b.json").write_text(json.dumps(tasks))
    settings = [f"annotations={folder}", f"paths.output={out}"]
    cfg = compose("from_labels", settings)
    with pytest.raises(SystemExit) as raised:
        from_labels(cfg)
    check(raised, [*sorted(folder.glob("m_*")), folder / "b.json"])
    assert names_of(out) == {"a.csv", "z.csv"}
    for path in folder.glob("[az].xml"):
        path.unlink()
    cfg = compose("from_labels", [*settings, f"videos={tmp_path}/a.mp4", f"paths.output={out}/b"])
    with pytest.raises(SystemExit) as raised:
        from_labels(cfg)
    check(raised, sorted(folder.glob("m_*")))
    assert names_of(out / "b") == {"a.csv"}


def test_prepare(compose, videos, tables, tmp_path):
    for source in find_sources(f"{videos}/*"):
        (videos / f"{source.name.removesuffix('.mp4')}.csv").write_bytes(TABLE)
    out, store = tmp_path / "out", tmp_path / "store"
    settings = [
        "data=generic",
        f"data.root={tmp_path}",
        "data.splits={train: [videos], val: [tables], test: []}",
        "image_size=[32,64]",
        f"paths.store={store}",
        f"paths.output={out}",
    ]
    cfg = compose("prepare", settings)
    with pytest.raises(SystemExit) as raised:
        prepare(cfg)
    bad = {f"videos/m_{name}" for name in VIDEOS} | {f"tables/m_{name}" for name in TABLES}
    said = f"{', '.join(sorted(bad))} left out; {out / 'problems.csv'} says why"
    assert raised.value.code == said
    assert bad <= {*pd.read_csv(out / "problems.csv")["Clip"]}
    assert len([entry for entry in store.iterdir() if entry.is_dir()]) == 4
    assert "videos/m_lies" in (out / "report.html").read_text()
