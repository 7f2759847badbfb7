"""The pinned predictions.csv: what is written, what is read back, what is refused."""

import numpy as np
import pytest

from tracknet.data.predictions import (
    PredictionError,
    candidates_beside,
    read_candidates,
    read_predictions,
    write_candidates,
    write_predictions,
)
from tracknet.types import Track

HEADER = "Clip,Frame,Visibility,X,Y,Score,Source\n"
LENGTHS = {"test/match1/a": 3, "NA": 2}


def example():
    xy = np.array([[1.234, 5.678], [np.nan, np.nan], [7.0, 8.5]])
    sources = np.array(["detected", "", "interpolated"])
    return {
        "test/match1/a": Track(xy, np.array([0.98765, 0.1, 0.5]), sources),
        "NA": Track(np.full((2, 2), np.nan), np.zeros(2), np.array(["", ""])),
    }


def test_the_file_is_as_pinned(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text("old")
    write_predictions(path, example())
    assert path.read_text().splitlines() == [
        HEADER.strip(),
        "test/match1/a,0,1,1.23,5.68,0.9877,detected",
        "test/match1/a,1,0,0.00,0.00,0.1000,",
        "test/match1/a,2,1,7.00,8.50,0.5000,interpolated",
        "NA,0,0,0.00,0.00,0.0000,",
        "NA,1,0,0.00,0.00,0.0000,",
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_round_trip(tmp_path):
    path, written = tmp_path / "predictions.csv", example()
    write_predictions(path, written)
    read, missing, problems = read_predictions(path, LENGTHS)
    assert (missing, problems) == (0, [])
    assert list(read) == list(LENGTHS)
    for name, track in read.items():
        np.testing.assert_allclose(track.xy, written[name].xy, atol=0.005)
        np.testing.assert_allclose(track.score, written[name].score, atol=0.00005)
        assert track.source.tolist() == written[name].source.tolist()


def test_a_rejected_candidate_keeps_its_score_but_no_position(tmp_path):
    path = tmp_path / "predictions.csv"
    track = Track(np.array([[3.0, 4.0]]), np.array([0.2]), np.array([""]))
    write_predictions(path, {"NA": track})
    assert path.read_text() == HEADER + "NA,0,0,0.00,0.00,0.2000,\n"


def test_frames_without_a_row_are_counted_and_hold_no_ball(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER + "test/match1/a,2,1,4,5,0.9,tracked\n")
    said = "4 of 5 frames have no row, in 2 of 2 clips, the first is test/match1/a; they count as"
    read, missing, (problem,) = read_predictions(path, LENGTHS)
    assert missing == 4
    assert problem.message == f"{path}: {said} frames without a ball"
    assert read["test/match1/a"].visible.tolist() == [False, False, True]
    assert read["test/match1/a"].xy[2].tolist() == [4, 5]
    assert np.isnan(read["test/match1/a"].xy[:2]).all()
    assert len(read["NA"]) == 2
    assert not read["NA"].visible.any()


def test_an_empty_table_predicts_nothing(tmp_path):
    path = tmp_path / "predictions.csv"
    write_predictions(path, {})
    assert path.read_text() == HEADER
    read, missing, (problem,) = read_predictions(path, LENGTHS)
    assert missing == 5
    assert "5 of 5 frames have no row" in problem.message
    assert [len(track) for track in read.values()] == [3, 2]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("other,0,0,0,0,0,", r"line 2 .*Clip is 'other'; expected a clip of this split \(test/m"),
        ("NA,2,0,0,0,0,", r"clip NA\): Frame is '2'; expected less than 2"),
        ("NA,-1,0,0,0,0,", r"Frame is '-1'; expected a whole number"),
        ("NA,0.5,0,0,0,0,", r"Frame is '0.5'; expected a whole number"),
        ("NA,one,0,0,0,0,", r"Frame is 'one'; expected a whole number"),
        ("NA,0,0,0,0,0,\nNA,0,0,0,0,0,", r"line 3 .*Frame is '0'; .*second; keep one"),
        ("NA,0,2,1,1,1,detected", r"Visibility is '2'; expected 0 .*or 1"),
        ("NA,0,1,nan,1,1,detected", r"X is 'nan'; expected a number"),
        ("NA,0,1,1,,1,detected", r"Y is ''; expected a number"),
        ("NA,0,1,1,1,,detected", r"Score is ''; expected a number"),
        ("NA,0,0,0,0,none,", r"Score is 'none'; expected a number"),
        ("NA,0,1,1,1,1,guessed", r"Source is 'guessed'; expected detected, tracked, interpolated"),
        ("NA,0,1,1,1,1,", r"Source is ''; expected detected"),
        ("NA,0,1,1,1,1", r"line 2: 6 cells, expected 7 as in the header"),
        ("\nNA,0,1,1,1,1,detected,x", r"line 3: 8 cells, expected 7"),
        ("NA,0,0,0,0,0,detected", r"Source is 'detected'; .*else nothing"),
    ],
)
def test_a_bad_row_is_refused(tmp_path, rows, message):
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER + rows + "\n")
    with pytest.raises(PredictionError, match=message):
        read_predictions(path, LENGTHS)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "NA,0,1,1.5,2.25,0.5,detected\nNA,1,0,,,,\n",
        HEADER + "NA,0,1,1.5,2.25,0.5,detected,\nNA,1,0,,,,,\n",
        "sep=;\r\nclip; FRAME;visibility;x;y;score;source\r\n"
        "NA;0;1;1,5;2,25;0,5;detected\r\nNA;1;0;;;;\r\n",
        "\ufeffClip\tFrame\tNote\tVisibility\tX\tY\tScore\tSource\n"
        "NA\t1\t\t0\t\t\t\t\n\nNA\t0\ta;b\t1\t1,5\t2,25\t0,5\tdetected\n",
        "# " + HEADER + 'NA,0,1,"1,5","2,25","0,5",detected\n# the rest\nNA,1,0,0,0,,\n',
    ],
)
def test_tables_that_a_spreadsheet_saved(tmp_path, text):
    path = tmp_path / "predictions.csv"
    path.write_text(text, newline="")
    tracks, missing, problems = read_predictions(path, {"NA": 2})
    assert (missing, problems) == (0, [])
    assert tracks["NA"].visible.tolist() == [True, False]
    assert tracks["NA"].xy[0].tolist() == [1.5, 2.25]
    assert tracks["NA"].score.tolist() == [0.5, 0]


def test_what_a_table_leaves_open_is_refused(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER.replace("\n", ",x\n") + "NA,0,0,0,0,0,,1\n")
    with pytest.raises(PredictionError, match=r"csv, line 1: columns X and x mean the same"):
        read_predictions(path, {"NA": 1})
    path.write_text(HEADER.replace(",", ";") + "NA;0;1;1,024;7;1;detected\nNA;1;1;999;7;1;detected")
    with pytest.raises(PredictionError, match=r"line 2: X is 1,024, which may be a thousand"):
        read_predictions(path, {"NA": 2})


def test_missing_files_and_columns_are_refused(tmp_path):
    path = tmp_path / "predictions.csv"
    for nothing in (path, tmp_path):
        with pytest.raises(PredictionError, match=f"{nothing}: no such file; expected a table"):
            read_predictions(nothing, LENGTHS)
    path.write_text("Clip,Frame,Visibility,X,Y\nNA,0,0,0,0\n")
    with pytest.raises(PredictionError, match=r"column Score, Source is missing, found Clip,Frame"):
        read_predictions(path, LENGTHS)
    path.write_text("")
    with pytest.raises(PredictionError, match="is missing, found nothing; expected Clip,Frame"):
        read_predictions(path, LENGTHS)
    path.write_bytes(HEADER.encode() + b"NA\xff")
    with pytest.raises(PredictionError, match="not a table"):
        read_predictions(path, LENGTHS)


@pytest.mark.parametrize(("xy", "score"), [((np.nan, 1.0), 0.5), ((1.0, 1.0), np.nan)])
def test_what_cannot_be_read_back_is_not_written(tmp_path, xy, score):
    path = tmp_path / "predictions.csv"
    path.write_text("old")
    track = Track(np.array([xy]), np.array([score]), np.array(["detected"]))
    with pytest.raises(PredictionError, match=r"clip NA, frame 0: .*must be finite"):
        write_predictions(path, {"NA": track})
    assert path.read_text() == "old"


def test_a_broken_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "predictions.csv"
    path.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("tracknet.files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_predictions(path, example())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_candidates_come_back(tmp_path):
    rng = np.random.default_rng(0)
    clips = {
        name: rng.uniform(0, 1, (n, 2, 3)).round(2)
        for name, n in (("a", 4), ("b/01", 3), ('c,"d"', 1))
    }
    file = candidates_beside(tmp_path / "predictions.csv")
    write_candidates(file, clips)
    assert file.read_text().splitlines()[0] == "Clip,Frame,Rank,X,Y,Score"
    read = read_candidates(file, {"b/01": 3, "a": 4, 'c,"d"': 1})
    for name, candidates in clips.items():
        np.testing.assert_array_equal(read[name], candidates)


def test_candidates_of_other_clips_are_refused(tmp_path):
    file = tmp_path / "candidates.csv"
    with pytest.raises(PredictionError, match="no such file"):
        read_candidates(file, {"a": 4})
    write_candidates(file, {"a": np.zeros((4, 2, 3))})
    with pytest.raises(PredictionError, match="clip a has 8 rows, expected 2 for each of its 5"):
        read_candidates(file, {"a": 5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column Clip, .* is missing, found nothing"),
        ("Clip,Frame\na,0\n", r"column Rank, X, Y, Score is missing, found Clip,Frame; expected"),
        (
            "a,0,0,1,1,1\na,0,1,1,1,1\na,1,1,1,1,1\na,7,0,1,1,1",
            r"line 5 \(clip a\): Frame is '7'; expected less than 2",
        ),
        (
            "a,0,0,1,1,1\na,0,1,1,1,1\na,1,0,1,1,1\na,0,1,1,1,1",
            r"line 5 \(clip a\): Frame is '0'; expected one row a frame and rank, .* second",
        ),
        ("a,x,0,1,1,1", r"line 2 \(clip a\): Frame is 'x'; expected a whole number"),
        ("a,0,-1,1,1,1", r"Rank is '-1'; expected a whole number"),
        ("a,0,0,,1,1", r"X is ''; expected a number"),
        ("a,0,0,1,1,inf", r"Score is 'inf'; expected a number"),
    ],
)
def test_candidates_that_are_not_whole_are_refused(tmp_path, text, message):
    file = tmp_path / "candidates.csv"
    header = "Clip,Frame,Rank,X,Y,Score\n" if text.startswith("a") else ""
    file.write_text(header + text)
    with pytest.raises(PredictionError, match=message):
        read_candidates(file, {"a": 2})
