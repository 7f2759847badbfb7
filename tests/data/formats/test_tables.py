import re

import numpy as np
import pytest

from tracknet.data.formats.base import LabelError
from tracknet.data.formats.tables import read_table, to_labels

COLUMNS = ("frame", "visibility", "x", "y")
HEADER = "Frame,Visibility,X,Y\n"
ROWS = "0,1,12.5,7.25\n1,0,0,0\n2,2,3,4\n"


@pytest.fixture
def read(tmp_path):
    csv = tmp_path / "a_ball.csv"

    def labels(text):
        csv.write_text(text)
        found, labels.problems = to_labels(csv, read_table(csv, COLUMNS))
        return found

    return labels


def test_labels(read):
    labels = read(HEADER + ROWS)
    assert labels.visibility.tolist() == [1, 0, 2]
    assert (labels.visibility.dtype, labels.xy.dtype) == (np.int8, np.float32)
    assert labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]
    assert np.isnan(labels.xy[1]).all()


@pytest.mark.parametrize(
    "text",
    [
        "frame, VISIBILITY ,x,Y\n" + ROWS,
        "\ufeff" + HEADER + ROWS,
        "Y,Extra,X,Frame,Visibility\n7.25,?,12.5,0,1\n,,,1,0\n4,,3,2,2\n",
        HEADER + ROWS.replace("\n", ",\n"),  # a comma too many in every row
        HEADER + ROWS.replace("0,0,0\n", "0,,\n"),
        HEADER + ROWS.replace("2,2,3,4", "2.0,2.0,3.0,4.0"),
        HEADER + ROWS.replace("\n", "\n\n,,,\n"),  # blank lines
        HEADER.replace("\n", "\r\n") + ROWS.replace("\n", "\r\n"),
        (HEADER + ROWS).replace("\n", "\r"),
        (HEADER + ROWS).replace(",", ";").replace(".", ","),
        (HEADER + ROWS).replace(",", "\t").replace(".", ","),
        "\ufeffsep=;\r\n" + (HEADER + ROWS).replace(",", ";"),
        "sep=,\n" + HEADER + ROWS,
        "# by hand, frames from 0\n\n# x, y: pixels\n" + HEADER + ROWS + "# the end\n",
        "# " + HEADER + ROWS,  # as numpy writes it
        "# frame,visibility,x,y of rally 1\n" + HEADER + ROWS,
        '"Frame","Visibility"; "X" ;y\n'.replace(",", ";") + ROWS.replace(",", ";"),
        HEADER + '0,1,"12,5","7,25"\n1,0,0,0\n2,2,3,4\n',  # a German locale, with commas
        "frame;visibility;x;y;note;note\n0;1;12,500;7,250;a, b;\n1;0;;;;\n2;2;3,000;4,000;;\n",
    ],
)
def test_other_ways_to_write_the_same(read, text):
    labels = read(text)
    assert labels.visibility.tolist() == [1, 0, 2]
    assert labels.xy[[0, 2]].tolist() == [[12.5, 7.25], [3, 4]]


def test_frames_without_a_row_are_unlabelled(read):
    labels = read(HEADER + "4,1,5,6\n1,0,0,0\n")
    assert labels.visibility.tolist() == [-1, 0, -1, -1, 1]
    assert np.isnan(labels.xy[:4]).all()
    assert len(read(HEADER)) == 0


def test_a_column_may_have_several_names(tmp_path):
    csv = tmp_path / "Label.csv"
    csv.write_text("Visibility Class,File Name\n1,0000.jpg\n")
    table = read_table(csv, (("file name", "file"), ("visibility", "visibility class")))
    assert table.to_dict("list") == {"file name": ["0000.jpg"], "visibility": ["1"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a table frame,visibility,x,y"),
        ("Frame,X,y\n0,1,1\n", "column visibility is missing"),
        ("0,1,5,5\n", "column frame, visibility, x, y is missing"),
        (HEADER + "0,1,5,5\n\n0.0,0,0,0\n", "lines 2 and 4 are both for frame 0; keep one"),
        (HEADER + "0,1,634,5,395\n1,1,634,5,395\n", "decimals with a point"),
        (HEADER + "0,1,634,395\n1,1,634,5,395\n", "line 3: more fields than the header names"),
        ("frame;visibility,x,y\n0;1,5,5\n", "frame, visibility is missing, found frame;visib"),
        ("frame,visibility,x,y,X\n0,1,5,5,7\n", "line 1: columns x and X mean the same; keep"),
        ("frame,visibility,x,y,x,y\n0,1,5,5,7,7\n", "columns x and x mean the same; keep one"),
        ("\n# seen by eye\n" + HEADER + "0,1,5,5\n-1,1,5,5\n", "line 5: frame is -1"),
        ("frame;visibility;x;y\n0;1;5,25;5.5\n1;1;5.5;6\n", "line 2: x is 5,25 here and 5.5 in"),
        ("frame;visibility;x;y\n0;1;999;5\n1;1;1,024;6\n", "line 3: x is 1,024, which may be"),
        ("frame;visibility;x;y\n0;1;1.024,5;6\n", "line 2: x is 1.024,5; write numbers without"),
        (HEADER + "1700000000000,1,5,5\n", "line 2: frame is 1700000000000; expected a whole"),
        (HEADER + "0,1,5,5\n-1,1,5,5\n", "line 3: frame is -1; expected a whole number"),
        (HEADER + "\n0,1,5,5\n\n-1,1,5,5\n", "line 5: frame is -1"),
        (HEADER + "0.5,1,5,5\n", "line 2: frame is 0.5; expected a whole number"),
        (HEADER + ",1,5,5\n", "line 2: frame is nan; expected a whole number"),
        (HEADER + "0,,5,5\n", r"line 2: visibility is nan; expected 0 \(no ball\)"),
        (HEADER + "0,yes,5,5\n", "line 2: visibility is yes"),
        (HEADER + "0,0.5,5,5\n", "line 2: visibility is 0.5"),
        (HEADER + "0,300,5,5\n", "line 2: visibility is 300"),
    ],
)
def test_malformed_labels_are_refused(read, text, message):
    with pytest.raises(LabelError, match=rf"a_ball.csv.*{message}"):
        read(text)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_table_in_another_encoding_is_refused(tmp_path, encoding):
    csv = tmp_path / "a.csv"
    csv.write_text(HEADER + "0,1,5,é\n", encoding=encoding)
    with pytest.raises(LabelError, match=r"a.csv: not text in UTF-8; save it as CSV UTF-8"):
        read_table(csv, ("frame",))


def test_no_file(tmp_path):
    with pytest.raises(LabelError, match=r"a.csv: there is no such label file; expected a table"):
        read_table(tmp_path / "a.csv", ("frame",))


@pytest.mark.parametrize(
    ("row", "found"), [("1,1,,5", "x=nan, y=5"), ("1,1,5,left", "y=left"), ("1,2,5,inf", "y=inf")]
)
def test_a_visible_ball_without_a_position_is_reported_and_not_used(read, row, found):
    labels = read(HEADER + f"0,1,3,4\n{row}\n2,0,,\n")
    (problem,) = read.problems
    assert (problem.kind, problem.frame) == ("nan", 1)
    assert re.search(f"1 rows with a visible ball .* line 3 with .*{found}", problem.message)
    assert labels.visibility.tolist() == [1, -1, 0]
    assert labels.xy[0].tolist() == [3, 4]
    assert np.isnan(labels.xy[1:]).all()
