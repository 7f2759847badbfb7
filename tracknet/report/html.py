"""One self-contained HTML file that shows an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from tracknet.metrics import Outcome, errors, precision_recall
from tracknet.report.plots import (
    DARK,
    LIGHT,
    Theme,
    data_uri,
    error_histogram,
    pck_curve,
    png,
    precision_recall_plot,
)
from tracknet.report.worst import Mistake, draw, fetch_frames, worst_mistakes
from tracknet.types import Clip, Labels, Track

KINDS = {
    Outcome.FP1: ("FP1", "wrong place"),
    Outcome.FP2: ("FP2", "no ball there"),
    Outcome.FN: ("FN", "missed"),
}
PERCENT = ("f1", "precision", "recall", "accuracy", "ap")
HEADINGS = {
    "f1": "F1 %",
    "f1_interval": "95 % interval",
    "precision": "Precision %",
    "recall": "Recall %",
    "accuracy": "Accuracy %",
    "ap": "AP %",
    "rmse": "RMSE px",
    "tp": "TP",
    "fp1": "FP1",
    "fp2": "FP2",
    "fn": "FN",
    "tn": "TN",
    "median_px": "Median px",
}


def write_report(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    tracks: Sequence[Track],
    candidates: Sequence[Track] | None,
    metrics: Mapping[str, Any],
) -> None:
    """Writes ``report.html``: figures, curves, clips and the worst frames; it loads nothing.

    Args:
        path: The HTML file; an older one is replaced.
        title: Its heading.
        facts: What was scored and how, shown as name and value.
        clips: The scored clips; the videos of those with the worst frames are read.
        labels: Their labels, of the length of the tracks, original pixels.
        tracks: Their predictions, original pixels.
        candidates: The best candidate of every frame, none rejected, for the precision-recall
            curve; without them it ends at the predictions.
        metrics: The contents of ``metrics.json``.

    Raises:
        ValueError: Numbers of clips or of frames differ, or a position is missing.
        VideoError: A video that is needed cannot be read.
    """
    strict, near = metrics["protocols"]["strict"], metrics["localisation"]
    groups, half = metrics["breakdown"], metrics.get("protocols_at_0.5")
    speeds = {
        name: row for name, row in groups["speed"].items() if row["tp"] + row["fp1"] + row["fn"]
    }
    half = f'<div class="scroll">{_table("At threshold 0.5", half)}</div>' if half else ""
    precision, recall = precision_recall(labels, tracks if candidates is None else candidates)
    mistakes = worst_mistakes(labels, tracks)
    pictures = fetch_frames(mistakes, clips)
    cards = [
        _card(
            mistake,
            clips[mistake.clip].name,
            labels[mistake.clip],
            tracks[mistake.clip],
            pictures.get((mistake.clip, mistake.frame)),
        )
        for mistake in mistakes
    ]
    histogram = error_histogram(errors(labels, tracks))
    curve = precision_recall_plot(precision, recall, (strict["precision"], strict["recall"]))
    path.write_text(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<dl class="facts">{"".join(_fact(name, value) for name, value in facts.items())}</dl>
<section class="tiles">{_tiles(strict, near)}</section>
<section>
<h2>Protocols</h2>
<div class="scroll">{_table("Protocol", metrics["protocols"])}</div>
{half}
<p class="note"><b>strict</b> and <b>tracknetv1</b> count a ball predicted in a wrong place as a
miss, too; the interval is a bootstrap over clips. <b>strict</b> and <b>wasb</b> compare positions
in original pixels, <b>tracknetv1</b> at 1280x720, <b>tracknetv2</b> and <b>tracknetv3</b> as whole
pixels at 512x288.</p>
</section>
<section class="plots">
<figure><h2>Errors</h2>{_picture(histogram, "Histogram of errors")}
<figcaption>Frames with a labelled and a predicted ball; nearer than 4 px counts as
found.</figcaption></figure>
<figure><h2>Found within a radius</h2>{_picture(pck_curve(near["pck"]), "PCK curve")}
<figcaption>Share of the {near["visible"]} visible balls with a prediction within 1 to 20 px
(PCK).</figcaption></figure>
<figure><h2>Precision and recall</h2>{_picture(curve, "Precision-recall curve")}
<figcaption>Protocol strict, over the score threshold; the dot is the predictions
scored here.</figcaption></figure>
</section>
<section class="tables">
<div><h2>Visibility</h2>
<div class="scroll">{_table("Class", groups["visibility"], "accuracy")}</div>
<p class="note">The labels' classes; 0 is no ball. Protocol strict.</p></div>
<div><h2>Speed</h2>
<div class="scroll">{_table("Px a frame", speeds, "accuracy")}</div>
<p class="note">Of visible balls, from the labels of neighbouring frames. Protocol strict.</p></div>
</section>
<section>
<h2>Clips</h2>
<div class="scroll tall">{_table("Clip", groups["clip"], "f1")}</div>
<p class="note">Protocol strict.</p>
</section>
<section>
<h2>Worst frames</h2>
<p class="note"><span class="ring"></span> Label; inside the ring, 4 px around it, counts as found.
<span class="cross">&times;</span>&nbsp;Prediction. Magnified 3 times. Where the two lie far apart,
the label is in the left half, the prediction in the right.</p>
<div class="cards">{"".join(cards) or "<p>Not one mistake.</p>"}</div>
</section>
</main>
</body>
</html>
""",
        encoding="utf-8",
    )


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _tiles(strict: Mapping[str, Any], near: Mapping[str, Any]) -> str:
    median, p90 = (
        "none" if near[name] is None else f"{near[name]:.2f} px" for name in ("median_px", "p90_px")
    )
    low, high = strict["f1_interval"]
    tiles = [
        ("F1, strict", f"{strict['f1']:.1%}", f"95 %: {low:.1%} to {high:.1%}"),
        ("Precision", f"{strict['precision']:.1%}", f"{strict['fp1'] + strict['fp2']} false"),
        ("Recall", f"{strict['recall']:.1%}", f"{strict['fp1'] + strict['fn']} missed"),
        ("Median error", median, f"90th percentile: {p90}"),
    ]
    return "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><span>{detail}</span></div>'
        for name, value, detail in tiles
    )


def _table(name: str, rows: Mapping[str, Mapping[str, Any]], share: str | None = None) -> str:
    """Rows of figures under the name of what tells them apart; `share` is drawn as a bar, too."""
    columns = [key for key in HEADINGS if any(key in figures for figures in rows.values())]
    head = "".join(f"<th>{HEADINGS[key]}</th>" for key in columns)
    body = "".join(
        f"<tr><th>{escape(row).replace('/', '/<wbr>')}</th>"
        + "".join(_cell(key, figures.get(key), key == share) for key in columns)
        + "</tr>"
        for row, figures in rows.items()
    )
    return f"<table><thead><tr><th>{name}</th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(name: str, value: Any, bar: bool) -> str:
    if bar:
        return f'<td class="bar" style="--share:{100 * value:.1f}%">{100 * value:.2f}</td>'
    if value is None:
        return "<td>&ndash;</td>"
    if name == "f1_interval":
        return f"<td>{' to '.join(f'{100 * end:.1f}' for end in value)}</td>"
    if name in PERCENT:
        return f"<td>{100 * value:.2f}</td>"
    return f"<td>{value:.2f}</td>" if isinstance(value, float) else f"<td>{value}</td>"


def _picture(paint: Callable[[Theme], Figure], name: str) -> str:
    light, dark = (data_uri(png(paint(theme))) for theme in (LIGHT, DARK))
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{name}"></picture>'
    )


def _card(
    mistake: Mistake, clip: str, labels: Labels, track: Track, frame: np.ndarray | None
) -> str:
    kind, meaning = KINDS[mistake.outcome]
    far = f", {mistake.distance:.0f} px off" if mistake.outcome is Outcome.FP1 else ""
    picture = '<p class="void">not in the video</p>'
    if frame is not None:
        label = labels.xy[mistake.frame] if mistake.outcome is not Outcome.FP2 else None
        prediction = track.xy[mistake.frame] if mistake.outcome is not Outcome.FN else None
        crop = cv2.cvtColor(draw(frame, label, prediction), cv2.COLOR_RGB2BGR)
        address = data_uri(cv2.imencode(".png", crop)[1].tobytes())
        picture = f'<img src="{address}" alt="{kind} in frame {mistake.frame}">'
    return (
        f'<figure class="card">{picture}<figcaption>'
        f'<span class="kind {kind.lower()}">{kind}</span> {meaning}{far}<br>'
        f"{escape(clip)}, frame {mistake.frame}<br>score {mistake.score:.2f}"
        "</figcaption></figure>"
    )


STYLE = """
:root {
  --ground: #f5f6f8; --panel: #ffffff; --text: #1d222b; --soft: #5d6674; --line: #dfe3e8;
  --good: #14854a; --bad: #d33f49; --warn: #b86a00; --miss: #2f6fd0; --tint: #14854a22;
}
@media (prefers-color-scheme: dark) { :root {
  --ground: #13161b; --panel: #1c2027; --text: #e6e9ee; --soft: #98a2b0; --line: #313844;
  --good: #3ecf7f; --bad: #ff6b74; --warn: #ffb454; --miss: #7db2ff; --tint: #3ecf7f2e;
} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .7rem; }
section { margin-top: 1.25rem; }
section:not(.tiles, .plots), .plots > figure {
  background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 1.75rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; display: flex; flex-direction: column; }
.tile b { font-size: 1.7rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span, .note, figcaption { color: var(--soft); font-size: .85rem; }
.note { margin: .7rem 0 0; }
.scroll { overflow-x: auto; }
.tall { max-height: 34rem; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .65rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; position: sticky; top: 0;
  background: var(--panel); }
tbody th { font-weight: 600; }
.bar { background: linear-gradient(to right, var(--tint) var(--share), transparent 0);
  min-width: 6rem; }
.tables { display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); }
.tables > div { min-width: 0; }
.plots { display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); }
figure { margin: 0; min-width: 0; }
img { display: block; width: 100%; height: auto; }
.cards { display: grid; gap: 1rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(270px, 100%), 1fr)); }
.card { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.card figcaption { padding: .5rem .7rem; overflow-wrap: anywhere; }
.void { margin: 0; aspect-ratio: 3 / 2; display: grid; place-items: center; color: var(--soft);
  background: var(--ground); }
.kind { font-weight: 700; }
.fp1 { color: var(--warn); } .fp2 { color: var(--bad); } .fn { color: var(--miss); }
.ring { display: inline-block; width: .8em; height: .8em; border: 2px solid var(--good);
  border-radius: 50%; vertical-align: -.05em; }
.cross { color: var(--bad); font-weight: 700; font-size: 1.2em; line-height: 1; }
@media (max-width: 520px) {
  main { padding: 1.25rem .75rem 3rem; }
  table { font-size: .82rem; } th, td { padding: .4rem .3rem; } .bar { min-width: 0; }
  tbody th { white-space: normal; }
}
"""
