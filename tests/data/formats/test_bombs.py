"""Files of labels that are made to take memory or time, or to end a reader, are one sentence."""

import os
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from tests.bombs import NO_FILES, bounded, make_no_file
from tracknet.data.formats.base import LabelError
from tracknet.data.formats.cvat import read_cvat, read_labels
from tracknet.data.formats.openttgames import OpenTTGames
from tracknet.data.formats.shuttlecock import Shuttlecock
from tracknet.data.formats.tables import read_table, to_labels

TASK = "<annotations><meta><task>{}</task></meta>{}</annotations>"
TRACK = '<track label="ball">{}</track>'
POINT = '<points frame="{}" outside="0" occluded="0" points="1.00,2.00"/>'
SOUND = TASK.format("<size>3</size><source>a.mp4</source>", TRACK.format(POINT.format(1)))
UNKNOWN = '<track label="unlabelled">' + POINT.format(0) + "</track>"
ENTITY = '<!ENTITY e{} "{}">'
ENTITIES = [ENTITY.format(0, "x"), *(ENTITY.format(i, f"&e{i - 1};" * 10) for i in range(1, 9))]


def zipped(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("annotations.xml", content)
    return path


def patched(path: Path, at: int, directory: int, value: bytes) -> Path:
    """The ZIP with a value in both headers of its file."""
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\1\2") + directory
    content[at : at + len(value)] = content[second : second + len(value)] = value
    path.write_bytes(content)
    return path


def attacks(folder: Path) -> dict[str, str]:
    """Writes files of CVAT, and returns what is said of each."""

    def put(name: str, content: str | bytes) -> None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    sound = SOUND.encode()
    put("size.xml", SOUND.replace("<size>3", "<size>100000000"))
    put("digits.xml", SOUND.replace("<size>3", f"<size>{'9' * 5000}"))
    put("start.xml", SOUND.replace("<size>", "<start_frame>9999999</start_frame><size>"))
    step = "<frame_filter>step=9999999</frame_filter><size>"
    put("step.xml", SOUND.replace("<size>", step))
    put("frame.xml", SOUND.replace('frame="1"', 'frame="1000000000"'))
    put("class.xml", SOUND.replace("/></track>", '><attribute name="visibility">999</attribute>'
        "</points></track>"))  # fmt: skip
    put("deep.xml", "<annotations>" + "<a>" * 100_000)
    put("wide.xml", "<annotations>" + "<a/>" * 3_000_000 + "</annotations>")
    put(
        "entities.xml",
        f"<!DOCTYPE a [<!ENTITY e0 '<a/>'>{ENTITIES}]><annotations>&e8;</annotations>",
    )
    zeros = zipped(folder / "zeros.zip", bytes(70_000_000))
    put("lying.zip", zeros.read_bytes())
    patched(folder / "lying.zip", 22, 24, struct.pack("<I", len(sound)))
    zipped(folder / "lzma.zip", sound, zipfile.ZIP_LZMA)
    patched(zipped(folder / "encrypted.zip", sound), 6, 8, b"\1")
    whole = zipped(folder / "cut.zip", sound).read_bytes()
    put("cut.zip", whole[:40] + whole[60:])
    put("none.zip", whole[:60])
    with open(folder / "long.xml", "wb") as file:
        file.truncate(10**11)
    return {
        "size.xml": "size is 100000000; expected 10,000,000 frames at most",
        "digits.xml": "size is 99999999999999999999; expected 10,000,000 frames at most",
        "start.xml": "its task ends with frame 10000002; expected 10,000,000 at most",
        "step.xml": "its task ends with frame 29999997; expected 10,000,000 at most",
        "frame.xml": "ValueError: a number that cannot be",
        "class.xml": "visibility is 999 in frame 1; expected 127 at most",
        "deep.xml": "no element found",
        "wide.xml": "more than 3,000,000 tags",
        "entities.xml": "a document type, which may define",
        "zeros.zip": "its labels are 70.0 MB long",
        "lying.zip": "cannot be unpacked (Bad CRC-32",
        "encrypted.zip": "cannot be unpacked (File",
        "lzma.zip": "cannot be unpacked (a compression that cannot be bounded",
        "cut.zip": "cannot be unpacked (",
        "none.zip": "ParseError",
        "long.xml": "its labels are 100.0 GB long",
    }


READS = """
from pathlib import Path
from tracknet.data.formats.base import LabelError
from tracknet.data.formats.cvat import read_cvat
limit()
for file in sorted(Path(sys.argv[1]).iterdir()):
    try:
        print(read_cvat(file)[0])
    except LabelError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_files_of_cvat_that_lie_are_one_sentence_each(tmp_path):
    expected = attacks(tmp_path)
    said = dict(zip(sorted(expected), bounded(READS, tmp_path), strict=True))
    for name, words in expected.items():
        assert said[name].startswith(f"{tmp_path / name}: ")
        assert words in said[name]


def test_many_tracks_of_a_long_task_take_no_time(tmp_path):
    file = tmp_path / "a.xml"
    task = "<size>9000000</size><source>a.mp4</source>"
    file.write_text(TASK.format(task, TRACK.format(POINT.format(1)) + UNKNOWN * 3000))
    _, labels, _ = read_cvat(file)
    assert (len(labels), labels.visibility[1], labels.visibility[-1]) == (9_000_000, 1, -1)


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (DEEP, "is nested too deep"),
        ('{"1": ' * 100_000, "is nested too deep"),
        ('{"1000000000": {"x": 1, "y": 2}}', "frame is 1000000000; expected a whole number"),
        ('{"%s": {"x": 1, "y": 2}}' % ("9" * 5000), "ValueError"),
        ('{"1": {"x": %s, "y": 2}}' % ("9" * 400), "OverflowError"),
        ('{"1": {"x": "a', "JSONDecodeError"),
        ("\0" * 1000, "JSONDecodeError"),
        ("\xff\xfe\xfd", "UnicodeDecodeError"),
    ],
)
def test_json_that_lies_is_one_sentence(tmp_path, content, words):
    table = tmp_path / "ball_markup.json"
    table.write_bytes(content.encode("latin-1"))
    with pytest.raises(LabelError, match=words):
        OpenTTGames(tmp_path, {}).read(tmp_path / "a.mp4", table)


@pytest.mark.parametrize("content", [DEEP, "{", "[]", '{"start": 3}', '{"start": {}, "end": []}'])
def test_ranges_that_lie_are_one_sentence(tmp_path, content):
    table = tmp_path / "test" / "match1" / "csv" / "r_ball.csv"
    table.parent.mkdir(parents=True)
    table.write_text("Frame,Visibility,X,Y\n0,1,5,5\n")
    (tmp_path / "test" / "drop_frame.json").write_text(content)
    with pytest.raises(LabelError, match=r"drop_frame\.json: "):
        Shuttlecock(tmp_path, {"test": ["test"]}).read(tmp_path / "a.mp4", table)


@pytest.mark.parametrize(
    "content",
    [
        os.urandom(5000),
        b"Frame,Visibility,X,Y\n0,1,5,5\n" + bytes(100),
        bytes(1000),
        "Frame,Visibility,X,Y\n0,1,5,5\n".encode("utf-16"),
        b"Frame,Visibility,X,Y\n0,1,5,5\xe9\n",
        b"Frame,Visibility,X,Y\n1000000000,1,5,5\n",
        b"Frame,Visibility,X,Y\n1e300,1,5,5\n",
        b'Frame,Visibility,X,Y\n0,1,5,"5\n',
        b"",
    ],
    ids=["noise", "zeros behind", "zeros", "utf-16", "latin", "billion", "1e300", "quote", "empty"],
)
def test_tables_that_are_none_are_one_sentence(tmp_path, content):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(LabelError, match=r"a\.csv"):
        to_labels(file, read_table(file))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of Unix")
@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize("read", [read_cvat, read_labels, read_table])
def test_what_is_no_file_is_not_waited_for(tmp_path, name, read):
    file = make_no_file(name, tmp_path / "a")
    with pytest.raises(LabelError, match=f"{file}: "):
        read(file)
