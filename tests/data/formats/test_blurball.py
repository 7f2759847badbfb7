import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.blurball import BlurBall

SPLITS = {"train": ["00"], "val": ["20"], "test": ["22"]}
HEADER = "Frame,Visibility,X,Y,l,theta\n"
PADDED = [f"{i:05d}.png" for i in range(4)]


@pytest.fixture
def clip(tmp_path, write_pictures):
    """Writes a clip of pictures and its table."""

    def make(name, rows, pictures=PADDED, header=HEADER):
        match, clip = name.split("/")
        folder = tmp_path / "matches" / match
        write_pictures(folder / "frames" / clip, pictures)
        (folder / "csv").mkdir(exist_ok=True)
        (folder / "csv" / f"{clip}.csv").write_text(header + rows)

    return make


@pytest.mark.parametrize("root", ["", "matches"])
def test_clips_of_a_split(tmp_path, clip, root):
    clip("00/000", "0,1,12.5,7.25,3.2,45\n1,0,0,0,0,0\n3,1,20,9,0,0\n")
    clip("00/001", "0,1,1,1,0,0\n")
    clip("22/000", "0,1,2,2,0,0\n")
    dataset = BlurBall(tmp_path / root, SPLITS)
    clips, _ = dataset.clips("train")
    assert [(c.name, c.match) for c in clips] == [("00/000", "00"), ("00/001", "00")]
    assert clips[0].source == tmp_path / "matches" / "00" / "frames" / "000"
    assert clips[0].labels.visibility.tolist() == [1, 0, -1, 1]
    assert clips[0].labels.xy[[0, 3]].tolist() == [[12.5, 7.25], [20, 9]]
    assert [c.name for c in dataset.clips("test")[0]] == ["22/000"]


@pytest.mark.parametrize(
    ("pictures", "frames"),
    [
        (PADDED, (0, 1, 3)),
        ([f"{i}.png" for i in range(8, 12)], (8, 9, 11)),  # 8, 9, 10, 11: not by the alphabet
        ([f"{i:05d}.png" for i in range(1, 5)], (1, 2, 4)),
        ([f"{i:05d}.png" for i in range(1, 5)], (0, 1, 3)),  # counted from 0 all the same
    ],
    ids=["from 0", "no padding", "from 1", "pictures from 1, rows from 0"],
)
def test_rows_belong_to_the_pictures_that_they_number(tmp_path, clip, pictures, frames):
    first, second, last = frames
    rows = f"{last},1,20,9,0,0\n{first},1,12,7,3,90\n{second},0,,,,\n"
    clip("00/000", rows, pictures, header="FRAME,visibility,x,Y,L,Theta\n")
    (read,), _ = BlurBall(tmp_path, SPLITS).clips("train")
    assert read.labels.visibility.tolist() == [1, 0, -1, 1]
    assert read.labels.xy[[0, 3]].tolist() == [[12, 7], [20, 9]]


def test_what_is_broken_is_reported(tmp_path, clip):
    clip("00/000", "1,1,5,6,0,0\n9,1,5,6,0,0\n")
    clip("00/001", "0,1,1,1,0,0\n")
    (tmp_path / "matches" / "00" / "csv" / "001.csv").rename(
        tmp_path / "matches" / "00" / "csv" / "002.csv"
    )
    (read,), problems = BlurBall(tmp_path, SPLITS).clips("train")
    assert read.labels.visibility.tolist() == [-1, 1]
    row, no_labels, no_frames = (problem.message for problem in problems)
    assert "000.csv: 1 rows name pictures that are not there, the first is 9" in row
    assert "001.csv: there is no such label file" in no_labels
    assert "frames/002: labelled, but there is no such video or folder of frames" in no_frames
    with pytest.raises(LabelError, match=r"split val is empty: no <match>/csv/\*.csv below .* 20"):
        BlurBall(tmp_path, SPLITS).clips("val")
