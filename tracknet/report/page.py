"""What the HTML files of a report are made of: one page that loads nothing, tables, pictures."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from tracknet.report.plots import DARK, LIGHT, Theme, data_uri, png

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


def write_page(path: Path, title: str, facts: Mapping[str, str], body: str) -> None:
    """Writes one HTML file that shows well on a desk and on a phone, by day and by night.

    Args:
        path: The file; an older one is replaced.
        title: Its heading.
        facts: What it is about, shown as name and value.
        body: HTML of what follows, in sections.
    """
    shown = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in facts.items()
    )
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
<dl class="facts">{shown}</dl>
{body}
</main>
</body>
</html>
""",
        encoding="utf-8",
    )


def tiles(rows: Sequence[tuple[str, str, str]]) -> str:
    """Large figures side by side, each with its name above and a detail below."""
    return "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><span>{detail}</span></div>'
        for name, value, detail in rows
    )


def figures_table(
    name: str, rows: Mapping[str, Mapping[str, Any]], share: str | None = None
) -> str:
    """Rows of figures under the name of what tells them apart; `share` is drawn as a bar, too."""
    columns = [key for key in HEADINGS if any(key in figures for figures in rows.values())]
    cells = {
        row: [_cell(key, figures.get(key), key == share) for key in columns]
        for row, figures in rows.items()
    }
    return table([name, *(HEADINGS[key] for key in columns)], cells)


def table(headings: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table that scrolls sideways where it is too wide.

    Args:
        headings: One per column.
        rows: The first cell's text -> the other cells, from `cell`.
    """
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr><th>{breakable(row)}</th>{''.join(cells)}</tr>" for row, cells in rows.items()
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def cell(text: str, kind: str = "") -> str:
    """A cell of a table; `kind` is its class in the style."""
    return f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>"


def breakable(path: str) -> str:
    """A clip's name that may be broken after each folder."""
    return escape(path).replace("/", "/<wbr>")


def plot(paint: Callable[[Theme], Figure], name: str) -> str:
    """A figure in both dresses; the browser shows the one of its own."""
    light, dark = (data_uri(png(paint(theme))) for theme in (LIGHT, DARK))
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{name}"></picture>'
    )


def card(crop: np.ndarray | None, name: str, caption: str) -> str:
    """A crop (H, W, 3) RGB uint8 above its caption, or a remark that the video lacks the frame."""
    picture = '<p class="void">not in the video</p>'
    if crop is not None:
        encoded = cv2.imencode(".png", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))[1]
        picture = f'<img src="{data_uri(encoded.tobytes())}" alt="{escape(name)}">'
    return f'<figure class="card">{picture}<figcaption>{caption}</figcaption></figure>'


def _cell(name: str, value: Any, bar: bool) -> str:
    if bar:
        return f'<td class="bar" style="--share:{100 * value:.1f}%">{100 * value:.2f}</td>'
    if value is None:
        return cell("&ndash;")
    if name == "f1_interval":
        return cell(" to ".join(f"{100 * end:.1f}" for end in value))
    if name in PERCENT:
        return cell(f"{100 * value:.2f}")
    return cell(f"{value:.2f}" if isinstance(value, float) else str(value))


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
.tiles { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(min(140px, 45%), 1fr)); }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; display: flex; flex-direction: column; }
.tile b { font-size: 1.7rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span, .note, figcaption { color: var(--soft); font-size: .85rem; }
.note { margin: .7rem 0 0; }
.scroll { overflow-x: auto; }
.tall > .scroll { max-height: 34rem; overflow-y: auto; }
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
.run { margin-top: 1rem; }
.run b { color: var(--text); }
.axis { display: flex; align-items: stretch; margin-top: .25rem; }
.axis span { width: 1rem; flex: none; color: var(--soft); font-size: .85rem; align-self: center; }
.axis svg { display: block; flex: 1; min-width: 0; height: 6.5rem; overflow: visible;
  border-block: 1px solid var(--line); }
.axis path { fill: none; stroke: var(--soft); stroke-width: 1.3; stroke-linecap: round;
  vector-effect: non-scaling-stroke; }
.axis path[class] { stroke-width: 4; }
.axis rect { fill: var(--line); }
.axis .hit { stroke: var(--good); } .axis .false { stroke: var(--bad); }
.axis .missed { stroke: var(--miss); }
.ends { display: flex; justify-content: space-between; margin: 0 0 0 1rem; color: var(--soft);
  font-size: .8rem; }
.dot { display: inline-block; width: .55em; height: .55em; border-radius: 50%; }
.dot.hit { background: var(--good); } .dot.false { background: var(--bad); }
.dot.missed { background: var(--miss); }
.line { display: inline-block; width: 1.4em; border-top: 2px solid var(--soft);
  vertical-align: .25em; }
.sure { font-weight: 700; }
.better { color: var(--good); } .worse { color: var(--bad); }
.cross.other { color: #50aaff; }
.cross { color: var(--bad); font-weight: 700; font-size: 1.2em; line-height: 1; }
@media (max-width: 520px) {
  main { padding: 1.25rem .75rem 3rem; }
  table { font-size: .82rem; } th, td { padding: .4rem .3rem; } .bar { min-width: 0; }
  tbody th { white-space: normal; }
}
"""
