"""The page that compares runs."""

import re
from fractions import Fraction

import numpy as np
import pytest

from tracknet.report import write_comparison
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter

SIZE = (48, 64)


def track_of(*xs):
    xy = np.array([(x, 20) for x in xs], float)
    return Track(xy, np.full(len(xs), 0.9), np.where(np.isnan(xy[:, 0]), "", "detected"))


@pytest.fixture
def html(tmp_path):
    """Two balls and no ball; <a> has the first alone, b both, c none and a false one."""
    with VideoWriter(tmp_path / "v.mp4", SIZE, Fraction(30)) as writer:
        for i in range(3):
            writer.write(np.full((*SIZE, 3), 60 * i, np.uint8))
    visibility = np.array([1, 1, 0], np.int8)
    xy = np.array([(20, 20), (20, 20), (np.nan, np.nan)], np.float32)
    labels = Labels(xy, visibility, SIZE)
    gone = np.nan
    runs = {"<a>": [track_of(20, gone, gone)], "b": [track_of(20, 20, gone)]}
    runs["c"] = [track_of(50, gone, 30)]
    figures = {
        name: {p: {"f1": f1} | extra for p in ("strict", "wasb")}
        for name, f1, extra in (
            ("<a>", 2 / 3, {}),
            ("b", 1, {"difference": 1 / 3, "difference_interval": [0.1, 0.4]}),
            ("c", 0, {"difference": -2 / 3, "difference_interval": [-0.9, 0.05]}),
        )
    }
    clips = {"m/v": {"<a>": 2 / 3, "b": 1.0, "c": 0.0}}
    path, clip = tmp_path / "comparison.html", Clip("m/v", "m", tmp_path / "v.mp4", labels)
    facts = {"split": "test"}
    write_comparison(path, facts, [clip], [labels], runs, {"runs": figures, "clips": clips})
    return path.read_text(encoding="utf-8")


def test_tables(html):
    rows = [
        [re.sub(r"<.*?>", "", c) for c in re.findall(r"<t[hd].*?>.*?</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html)
    ]
    assert rows[1][:4] == ["&lt;a&gt;", "66.67", "&ndash;", "&ndash;"]
    assert rows[2][:4] == ["b", "100.00", "+33.33", "+10.00 to +40.00"]
    assert rows[3][:4] == ["c", "0.00", "-66.67", "-90.00 to +5.00"]
    assert rows[5] == ["m/v", "66.67", "100.00", "+33.33", "0.00", "-66.67"]


def test_only_a_difference_without_0_in_its_interval_is_sure(html):
    assert html.count('<td class="sure">+33.33') == 2
    assert '<td class="sure">-66.67' not in html


def test_frames_on_which_they_disagree_are_shown(html):
    sections = html.split("<h2>Where ")[1:]
    cards = [re.findall(r'<figure class="card">(.*?)</figure>', s) for s in sections]
    assert [len(of_pair) for of_pair in cards] == [1, 2]
    captions = [re.sub(r"<[^>]*>", " ", card) for of_pair in cards for card in of_pair]
    assert re.search(r"&lt;a&gt; +missed it +b +found it +m/v, frame 1", captions[0])
    assert re.search(r"&lt;a&gt; +sees none, as it is +c +sees one where none is", captions[1])
    assert re.search(r"&lt;a&gt; +found it +c +has it in a wrong place +m/v, frame 0", captions[2])


def test_nothing_is_loaded_from_elsewhere(html):
    assert "://" not in html
    assert all(a.startswith("data:image/png") for a in re.findall(r'src="(.*?)"', html))
