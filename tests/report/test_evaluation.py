"""The report is one file that holds everything it shows."""

import base64
import re
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tracknet.metrics import breakdown, localisation, offset, score
from tracknet.report import write_report
from tracknet.report.learning import learning_curves
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter

SIZE = (48, 64)
PROTOCOLS = ("strict", "wasb", "tracknetv1", "tracknetv2", "tracknetv3")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Two clips of six frames: a hit, a wrong place, a false ball, a miss, nothing, unlabelled."""
    visibility = np.array([1, 1, 0, 1, 0, -1], np.int8)
    xy = np.where(visibility[:, None] > 0, 20.0, np.nan).astype(np.float32)
    labels = Labels(np.broadcast_to(xy, (6, 2)), visibility, SIZE)
    guess = np.array([20, 40, 30, np.nan, np.nan, np.nan])
    source = np.where(np.isnan(guess), "", "detected")
    track = Track(np.column_stack([guess] * 2), np.array([0.9, 0.8, 0.77, 0.2, 0.1, 0]), source)
    folder, clips = tmp_path_factory.mktemp("clips"), []
    for name in ("test/match1/<a>", "test/match1/b"):
        video = folder / f"{len(clips)}.mp4"
        with VideoWriter(video, SIZE, Fraction(30)) as writer:
            for i in range(6):
                writer.write(np.full((*SIZE, 3), 30 * i, np.uint8))
        clips.append(Clip(name, "match1", video, labels))
    return clips, [labels] * 2, [track] * 2


def report(tmp_path, evaluation, candidates=None, run=None, **more):
    clips, labels, tracks = evaluation
    path = tmp_path / "report.html"
    names = [clip.name for clip in clips]
    metrics = {
        "protocols": score(labels, tracks),
        "localisation": localisation(labels, tracks, candidates),
        "breakdown": breakdown(names, labels, tracks, candidates),
        "offset": offset(labels, tracks),
        **more,
    }
    facts = {"Dataset": "tiny & <odd>"}
    write_report(path, "A <title>", facts, clips, labels, tracks, candidates, metrics, run)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory, evaluation):
    """The report on them."""
    return report(tmp_path_factory.mktemp("report"), evaluation)


def text_rows(html):
    """Cells of every table row without markup."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [
        [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?>.*?</t[hd]>", row)]
        for row in rows
    ]


def test_tables_hold_every_protocol_class_speed_and_clip(html):
    rows = text_rows(html)
    assert [row[0] for row in rows] == [
        *("Protocol", *PROTOCOLS),
        *("Visible balls with a position within", "reported position"),
        *("Class", "0", "1"),
        *("Missed balls in runs of", "1 or 2 frames", "3 to 9 frames", "10 frames and more"),
        *("Px a frame", "0 to 5 px", "unknown"),
        *("Px a frame", "all", "0 to 5 px"),
        *("Clip", "test/match1/&lt;a&gt;", "test/match1/b"),
    ]
    strict, wasb = (dict(zip(rows[0], row, strict=True)) for row in rows[1:3])
    assert strict["F1 %"] == "33.33"
    assert strict["95 % interval"] == "33.3 to 33.3"
    assert strict["AP %"] == "&ndash;"
    assert [strict[k] for k in ("TP", "FP1", "FP2", "FN", "TN")] == ["2"] * 5
    assert wasb["F1 %"] == "40.00"
    assert wasb["RMSE px"] == "20.00"
    clips = dict(zip(rows[-3], rows[-1], strict=True))
    assert [clips[k] for k in ("TP", "FP1", "FP2", "FN", "TN")] == ["1"] * 5
    assert (clips["F1 %"], clips["Median px"]) == ("33.33", "14.14")
    none, visible = (dict(zip(rows[8], row, strict=True)) for row in rows[9:11])
    assert [none[k] for k in ("Accuracy %", "FP2", "TN", "Median px")] == [
        *("50.00", "2", "2", "&ndash;")
    ]
    assert [visible[k] for k in ("Accuracy %", "TP", "FP1", "FN")] == ["33.33", "2", "2", "2"]
    slow, unknown = (dict(zip(rows[15], row, strict=True)) for row in rows[16:18])
    assert [slow[k] for k in ("TP", "FP1", "FN")] == ["2", "2", "0"]
    assert [unknown[k] for k in ("TP", "FP1", "FN")] == ["0", "0", "2"]
    single = dict(zip(rows[11], rows[12], strict=True))
    assert [single[k] for k in ("FP1", "FN", "Placing")] == ["2", "2", "0"]
    assert rows[18:20] == [
        ["Px a frame", "Balls", "x, px", "y, px", "Along, px"],
        ["all", "2", "+0.00 &plusmn; 0.00", "+0.00 &plusmn; 0.00", "&ndash;"],
    ]


def test_the_f1_at_one_half_stands_beside(tmp_path, evaluation):
    half = score(evaluation[1], evaluation[2])
    half["strict"]["f1"] = 0.7
    rows = text_rows(report(tmp_path, evaluation, **{"protocols_at_0.5": half}))
    assert [row[0] for row in rows[:6]] == ["Protocol", *PROTOCOLS]
    assert dict(zip(rows[0], rows[1], strict=True))["At 0.5: F1 %"] == "70.00"


def test_worst_frames_are_crops_with_their_facts(html):
    cards = re.findall(r'<figure class="card">(.*?)</figure>', html)
    captions = [re.sub(r"<[^>]*>", " ", card) for card in cards]
    assert len(cards) == 6
    assert re.search(r"FP2 +no ball there +test/match1/&lt;a&gt;, frame 2 +score 0.77", captions[0])
    assert re.search(r"FP1 +wrong place, 28 px off +.*frame 1 +score 0.80", captions[1])
    assert re.search(r"FN +missed +.*frame 3 +score 0.20", captions[2])
    for card in cards:
        (encoded,) = re.findall(r'src="data:image/png;base64,([^"]+)"', card)
        crop = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), 1)
        assert crop.shape == (192, 288, 3)
        (moving,) = re.findall(r'data-mp4="([^"]+)"', card)
        assert base64.b64decode(moving)[4:8] == b"ftyp"
    assert "frame 5" not in html


def test_nothing_is_loaded_from_elsewhere(html):
    assert "://" not in html
    assert "url(" not in html
    assert all(a.startswith("data:image/png") for a in re.findall(r'(?:src|srcset)="(.*?)"', html))
    assert not re.search(r"<(link|iframe|object)\b|<script[^>]* src", html)


def test_text_is_escaped(html):
    assert "<h1>A &lt;title&gt;</h1>" in html
    assert "tiny &amp; &lt;odd&gt;" in html


def test_every_plot_has_both_dresses(html):
    pictures = re.findall(r"<picture>(.*?)</picture>", html)
    assert re.findall(r'alt="(.*?)"', "".join(pictures)) == [
        *("Histogram of errors", "PCK curve", "Precision-recall curve"),
        *("Missed balls by speed", "Missed balls by length of the gap", "Offset by speed"),
    ]
    for picture in pictures:
        light, dark = (re.search(rf' {a}="(.*?)"', picture)[1] for a in ("src", "srcset"))
        assert light != dark


def test_candidates_say_where_the_loss_is(tmp_path, evaluation, html):
    """The right one scores 0.1 in the first clip and 0.9 in the other."""
    right = [np.full((6, 1, 3), (20, 20, score)) for score in (0.1, 0.9)]
    page = report(tmp_path, evaluation, right)
    with_them, without = (re.findall(r"<picture>.*?</picture>", own) for own in (page, html))
    assert [a == b for a, b in zip(with_them, without, strict=True)] == [
        *(True, False, False, False, False, True)
    ]
    rows = text_rows(page)
    assert rows[6:10] == [
        ["Visible balls with a position within", "2 px", "4 px", "8 px", "16 px"],
        ["reported position", *["33.3%"] * 4],
        ["any candidate, score &gt; 0.2", *["50.0%"] * 4],
        ["any candidate, score &gt; 0.05", *["100.0%"] * 4],
    ]
    said = re.sub(r"<.*?>|\s+", " ", page)
    assert "Of 6 visible balls 4 (66.7%) are missed." in said
    assert re.search(r"Choosing *: 4 \(66.7%\) are not reported within 8 px", said)
    assert "nothing more is known" not in said
    assert "nothing more is known" in re.sub(r"\s+", " ", html)


METRICS_CSV = """epoch,lr-a/pg1,lr-a/pg2,step,train/loss_epoch,train/loss_step,val/f1,val/loss
,0.001,0.001,9,,,,
0,,,9,,0.9,,
0,,,19,,,0.25,0.8
0,,,19,0.7,,,
1,,,39,,,0.75,nan
"""


def test_learning_curves_are_those_of_the_run(tmp_path, evaluation, html):
    assert "Learning rate" not in html
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "metrics.csv").write_text(METRICS_CSV)
    headings = ["Loss over the steps", "F1 on validation over the steps"]
    headings += ["Learning rate over the steps"]
    page = report(tmp_path, evaluation, run=run)
    assert re.findall(r'<picture>.*?alt="(.*?)"', page)[6:] == headings
    assert "highest 0.750" in page
    assert next(learning_curves(run / "checkpoints" / "best.ckpt"))[0] == "Loss"


@pytest.mark.parametrize(
    "table",
    [None, b"", b"\xff\xfe\0", b"step\n1,2,3,4\n", b"epoch,val/f1\n0,0.5\n", b"step,a\n1,2\n"],
)
def test_a_run_without_readable_figures_has_no_curves(tmp_path, table):
    if table is not None:
        (tmp_path / "metrics.csv").write_bytes(table)
    assert list(learning_curves(tmp_path)) == []


def test_what_somebody_else_wrote_into_the_figures_is_left_out(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,val/f1,val/loss,lr-a\n1,inf,1e300,x\n2,0.5,,\n")
    assert [name for name, *_ in learning_curves(tmp_path)] == ["F1 on validation"]


def test_a_frame_that_the_video_lacks_says_so(tmp_path, evaluation):
    (first, *others), *rest = evaluation
    short = replace(first, source=tmp_path / "short.mp4")
    with VideoWriter(short.source, SIZE, Fraction(30)) as writer:
        writer.write(np.zeros((*SIZE, 3), np.uint8))
    html = report(tmp_path, ([short, *others], *rest))
    assert html.count("not in the video") == 3


def test_no_mistake_is_said(tmp_path, evaluation):
    clips, labels, _ = evaluation
    found = labels[0].visibility > 0
    perfect = Track(labels[0].xy, np.ones(6), np.where(found, "detected", ""))
    assert "Not one mistake." in report(tmp_path, (clips, labels, [perfect] * 2))


def test_no_clips_make_a_report(tmp_path):
    html = report(tmp_path, ([], [], []))
    assert re.search(r"Median error</[^>]*><[^>]*>none<.*>90th percentile: none<", html)
    assert text_rows(html)[-1][0] == "Clip"
    assert '<figure class="run"' not in html
    assert "Not one mistake." in html


def test_trajectories_say_what_became_of_every_ball(html):
    assert html.count('<figure class="run"') == 2
    panels = re.findall(r"<svg.*?</svg>", html)
    assert len(panels) == 4
    x, y = panels[:2]
    assert 'viewBox="-0.5 0 6 64"' in x
    assert 'viewBox="-0.5 0 6 48"' in y
    drawn = dict(re.findall(r'<path (?:class="(\w+)" )?d="(.*?)"', y))
    assert drawn == {
        "grid": "M-0.5 40.0h6",  # the last of them
        "": "M0 20.0 1 20.0h0M3 20.0h0",  # labels
        "hit": "M0 20.0h0",
        "false": "M1 40.0h0M2 30.0h0",  # in a wrong place, where none is
        "missed": "M3 18.3v3.4",
    }
    assert 'd="M0 43.0 1 43.0h0M3 43.0h0"' in x  # right is up
    assert re.findall(r"<rect.*?/>", y) == ['<rect x="4.5" width="1" height="48"/>']


def test_axes_of_trajectories_have_numbers_and_units(html):
    x, y, frames = re.findall(r'<(?:span class="ticks"|div class="frames")>.*?</(?=div|svg)', html)[
        :3
    ]
    ticks = [re.findall(r':([\d.]+)%">(\d+)', axis) for axis in (x, y, frames)]
    assert ticks[0] == [("100.00", "0"), ("68.75", "20"), ("37.50", "40"), ("6.25", "60")]
    assert ticks[1] == [("0.00", "0"), ("41.67", "20"), ("83.33", "40")]
    assert [number for _, number in ticks[2]] == ["0", "1", "2", "3", "4", "5"]
    assert ("x, px" in x, "y, px" in y) == (True, True)


def test_trajectories_are_those_of_the_worst_clips(tmp_path, evaluation):
    clips, labels, tracks = evaluation
    perfect = Track(labels[0].xy, np.ones(6), np.where(labels[0].visibility > 0, "detected", ""))
    others = [replace(clips[1], name=f"c{i}") for i in range(11)]
    every = [*clips[:1], *others, clips[1]], labels[:1] * 13, [perfect, *tracks[:1] * 12]
    html = report(tmp_path, every)
    assert "12 of 13 clips" in html
    shown = re.findall(r'<figure class="run".*?<figcaption><b>(.*?)</b> F1 (.*?)%', html, re.DOTALL)
    assert ("test/<wbr>match1/<wbr>b", "33.3") in shown
    assert len(shown) == 12
    assert {figure for _, figure in shown} == {"33.3"}
