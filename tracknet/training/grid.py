"""Draws what a network saw in single frames: a row each, with its heatmap and the ball enlarged."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tracknet.geometry import scale_points
from tracknet.metrics import Outcome

HEIGHT = 288
"""Pixels of a row's pictures, whatever the network's size."""
REGION = 48
"""Network pixels of the part that is enlarged, at most the frame's height."""
GAP, BAND, SIZE = 6, 34, 20
GROUND, TEXT, SOFT = (24, 27, 33), (235, 238, 242), (160, 168, 180)
LABEL, PREDICTION = (40, 220, 90), (255, 70, 70)
SAID = {
    Outcome.TP: ("found", (90, 225, 150)),
    Outcome.FN: ("missed", (125, 178, 255)),
    Outcome.FP1: ("wrong place", (255, 180, 84)),
    Outcome.FP2: ("false, no ball there", (255, 120, 120)),
    Outcome.TN: ("no ball, none seen", SOFT),
}


@dataclass(frozen=True)
class Seen:
    """What a network made of one frame.

    Attributes:
        clip: Name of its clip.
        number: Of the frame.
        outcome: What became of it, protocol ``strict``.
        error: Original pixels from the label to the best candidate; NaN without a label.
        score: Of that candidate.
        label: (2,) network pixels; NaN without a ball.
        best: (2,) network pixels of the best candidate.
        frame: (H,W,3) RGB uint8, at network size.
        heatmap: (h,w) in 0..1.
    """

    clip: str
    number: int
    outcome: Outcome
    error: float
    score: float
    label: np.ndarray
    best: np.ndarray
    frame: np.ndarray
    heatmap: np.ndarray


def grid(title: str, seen: Sequence[Seen]) -> np.ndarray:
    """One picture of all of them below a title, (H,W,3) RGB uint8.

    Args:
        title: What they are of.
        seen: At least one, of one size.
    """
    rows = [_pictures(one) for one in seen]
    width = sum(picture.shape[1] + GAP for picture in rows[0]) + GAP
    step = BAND + HEIGHT + GAP
    canvas = Image.new("RGB", (width, 2 * BAND + step * len(rows)), GROUND)
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(SIZE)

    def write(x: float, y: int, text: str, colour: tuple[int, ...], room: float = np.inf) -> float:
        """Returns where it ends; a text too long for its room loses its beginning."""
        while (length := font.getlength(text)) > room and len(text) > 2:
            kept = min(len(text) - 2, max(1, int(len(text) * room / length)))
            text = "\u2026" + text[-kept:]
        pen.text((x, y + BAND // 2), text, colour, font, anchor="lm")
        return x + font.getlength(text)

    x = write(GAP, 0, title, TEXT)
    x = write(x + 30, 0, "green ring: label", LABEL)
    write(x + 20, 0, "red cross: best candidate", PREDICTION)
    heads = "frame", "ball, enlarged", "heatmap there", "heatmap, black 0 to yellow 1"
    left = GAP
    for head, picture in zip(heads, rows[0], strict=True):
        write(left, BAND, head, SOFT, picture.shape[1])
        left += picture.shape[1] + GAP
    for i, (one, pictures) in enumerate(zip(seen, rows, strict=True)):
        top, left = 2 * BAND + step * i, GAP
        said, colour = SAID[one.outcome]
        x = write(GAP, top, said, colour)
        x = write(x + 14, top, f"score {one.score:.2f}", TEXT)
        if one.outcome in (Outcome.TP, Outcome.FP1):
            x = write(x + 14, top, f"{one.error:.1f} px off", TEXT)
        place = f", frame {one.number}"
        room = width - x - 14 - GAP - font.getlength(place)
        x = write(x + 14, top, one.clip, SOFT, room)
        write(x, top, place, SOFT)
        for picture in pictures:
            canvas.paste(Image.fromarray(picture), (left, top + BAND))
            left += picture.shape[1] + GAP
    return np.asarray(canvas)


def _pictures(one: Seen) -> list[np.ndarray]:
    """Frame, ball, heatmap there, heatmap, each `HEIGHT` high."""
    h, w = one.frame.shape[:2]
    heat = cv2.applyColorMap(np.round(one.heatmap * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    heat = cv2.resize(heat[..., ::-1], (w, h), interpolation=cv2.INTER_NEAREST)
    side = min(REGION, h, w)
    middle = one.best if np.isnan(one.label).any() else one.label
    corner = np.clip(np.round(middle - side / 2), 0, [w - side, h - side]).astype(int)
    x, y = corner.tolist()
    whole = round(w * HEIGHT / h), HEIGHT
    filling = cv2.INTER_AREA if h > HEIGHT else cv2.INTER_NEAREST
    pictures = []
    for picture, marked in ((one.frame, True), (heat, False)):
        full = cv2.resize(picture, whole, interpolation=filling)
        part = picture[y : y + side, x : x + side]
        near = cv2.resize(part, (HEIGHT, HEIGHT), interpolation=cv2.INTER_NEAREST)
        _mark(near, one, corner, HEIGHT / side, marked)
        if marked:
            _mark(full, one, np.zeros(2), HEIGHT / h, marked)
        pictures.append((full, near))
    (frame, ball), (heatmap, there) = pictures
    return [frame, ball, there, heatmap]


def _mark(
    picture: np.ndarray, one: Seen, corner: np.ndarray, scale: float, candidate: bool
) -> None:
    """Draws the label, and the best candidate if it is wanted, in a part of the frame."""
    for point, own in ((one.label, LABEL), (one.best, PREDICTION)):
        if np.isnan(point).any() or (own is PREDICTION and not candidate):
            continue
        place = np.round(scale_points(point - corner, scale)).astype(int).tolist()
        for colour, width in (((0, 0, 0), 4), (own, 2)):
            if own is LABEL:
                cv2.circle(picture, place, max(9, round(4 * scale)), colour, width, cv2.LINE_AA)
            else:
                cross = cv2.MARKER_TILTED_CROSS, 12, width, cv2.LINE_AA
                cv2.drawMarker(picture, place, colour, *cross)
