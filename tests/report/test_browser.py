"""What moves on a report, in a real browser."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.browser import Browser, find_browser
from tracknet.metrics import breakdown, localisation, offset, score
from tracknet.report import write_report
from tracknet.types import Clip, Labels, Track
from tracknet.video import VideoWriter

pytestmark = pytest.mark.skipif(find_browser() is None, reason="needs Chromium or Chrome")
SIZE, FRAMES = (360, 640), 100
NAME = "test/</script>&\"'\udcff"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_browser()
    assert program
    browser = Browser(program)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """A ball that flies to the right and is found; it is seen in a wrong place in frame 10, missed
    in frame 50, and was never labelled in the last frame."""
    n = np.arange(FRAMES)
    labels = np.column_stack([5.0 * n + 20, np.full(FRAMES, 100.0)]).astype(np.float32)
    visibility = np.where(n < FRAMES - 1, 1, -1).astype(np.int8)
    found, source = labels + np.array([0.6, 0.8]), np.full(FRAMES, "detected", dtype=object)
    found[10, 1] += 40
    source[[50, FRAMES - 1]] = ""
    source[20] = "interpolated"
    track = Track(found.astype(float), np.where(source == "", 0.2, 0.93), source.astype(str))
    every = [Labels(labels, visibility, SIZE)]
    folder = tmp_path_factory.mktemp("report")
    clips = [Clip(NAME, "m", folder / "v.mp4", every[0])]
    metrics = {
        "protocols": score(every, [track]),
        "localisation": localisation(every, [track]),
        "breakdown": breakdown([clips[0].name], every, [track]),
        "offset": offset(every, [track]),
    }
    with VideoWriter(folder / "v.mp4", SIZE, Fraction(30)) as writer:
        for i in range(FRAMES):
            writer.write(np.full((*SIZE, 3), 2 * i, np.uint8))
    write_report(folder / "r.html", "Tiny", {"name": NAME}, clips, every, [track], None, metrics)
    return folder / "r.html"


@pytest.fixture
def page(browser, report) -> Browser:
    """The report, its first trajectory in view."""
    browser.resize(1280, 900)
    browser.open(report)
    scroll(browser)
    return browser


def scroll(page) -> None:
    """Has the trajectory at the top of the screen."""
    page.run("document.querySelector('.run').scrollIntoView()")
    page.run("new Promise(requestAnimationFrame)")


def place(page, frame, panel=0) -> tuple[float, float]:
    """Where a frame is on the screen."""
    box = page.run(
        f"document.querySelectorAll('.run svg')[{panel}].getBoundingClientRect().toJSON()"
    )
    return box["x"] + box["width"] * (frame + 0.5) / FRAMES, box["y"] + box["height"] / 2


def said(page) -> list[str]:
    return page.run("tip.hidden ? [] : [...tip.children].map((line) => line.textContent)")


def test_pointing_at_a_frame_says_what_became_of_it(page):
    told = {}
    for frame in (5, 10, 20, 50, 99):
        page.point(*place(page, frame, panel=frame % 2))
        told[frame] = said(page)
    right = ["Label 45.0, 100.0 px", "Prediction 45.6, 100.8 px", "Error 1.0 px, score 0.93"]
    assert told[5] == ["Frame 5: found", *right]
    assert told[10][0] == "Frame 10: in a wrong place"
    assert told[10][-1] == "Error 40.8 px, score 0.93"
    assert told[20][2] == "Prediction 120.6, 100.8 px (interpolated)"
    assert told[50] == ["Frame 50: missed", "Label 270.0, 100.0 px", "Score 0.20"]
    assert told[99] == ["Frame 99: unlabelled", "Score 0.20"]
    page.point(5, 5)
    assert said(page) == []


@pytest.mark.parametrize("width", [1280, 400])
def test_what_is_said_stays_on_the_screen(page, width):
    page.resize(width, 900)
    scroll(page)
    for frame in (0, 50, 99):
        page.point(*place(page, frame))
        assert said(page)
        inside = "((b) => b.left >= 0 && b.top >= 0 && b.right <= innerWidth)"
        assert page.run(f"{inside}(tip.getBoundingClientRect())")


def test_a_finger_and_the_keyboard_reach_it(page):
    page.tap(*place(page, 30))
    assert said(page)[0].startswith("Frame 30:")
    page.press("Escape")
    assert said(page) == []
    page.run("document.querySelector('.run').focus({focusVisible: true})")
    page.press("ArrowRight")
    assert said(page)[0].startswith("Frame 31:")
    page.press("End")
    assert said(page)[0].startswith("Frame 99:")


def test_names_are_text_and_nothing_is_fetched(page):
    name = NAME.replace("\udcff", "\\udcff")
    assert page.run("document.querySelector('.run b').textContent") == name
    assert page.run("document.querySelector('.facts dd').textContent") == name
    asked = [e["params"]["request"]["url"] for e in page.events if "request" in e.get("params", {})]
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert not [e for e in page.events if e.get("method") == "Log.entryAdded"]
    assert not [e for e in page.events if e.get("method") == "Runtime.exceptionThrown"]


def test_the_worst_frames_move_while_they_are_pointed_at(page):
    card = page.run(
        "(c => (c.scrollIntoView(), c.getBoundingClientRect().toJSON()))"
        "(document.querySelector('.clip'))"
    )
    assert page.run("document.querySelector('video')") is None
    page.point(card["x"] + 50, card["y"] + 50)
    playing = """new Promise((done) => {
        const film = document.querySelector("video");
        const ended = setTimeout(() => done([film.currentTime, film.error?.message]), 20_000);
        film.ontimeupdate = () => film.currentTime > 0.1 && (clearTimeout(ended), done("plays"));
    })"""
    assert page.run(playing) == "plays"
    page.point(1, 1)
    assert page.run("document.querySelector('video') === null")


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_the_screen(page, width):
    page.resize(width, 900)
    assert page.run("document.documentElement.scrollWidth") <= width
