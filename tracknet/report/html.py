"""The report of an evaluation."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tracknet.metrics import Outcome, errors, precision_recall
from tracknet.report.crops import draw, fetch_frames
from tracknet.report.page import card, figures_table, plot, tiles, write_page
from tracknet.report.plots import error_histogram, pck_curve, precision_recall_plot
from tracknet.report.trajectories import MOST, trajectories
from tracknet.report.worst import Mistake, worst_mistakes
from tracknet.types import Clip, Labels, Track

KINDS = {
    Outcome.FP1: ("FP1", "wrong place"),
    Outcome.FP2: ("FP2", "no ball there"),
    Outcome.FN: ("FN", "missed"),
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
    """Writes ``report.html``: figures, curves, trajectories and the worst frames; it loads nothing.

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
    precision, recall = precision_recall(labels, tracks if candidates is None else candidates)
    histogram = error_histogram(errors(labels, tracks))
    curve = precision_recall_plot(precision, recall, (strict["precision"], strict["recall"]))
    names = [clip.name for clip in clips]
    f1 = {name: row["f1"] for name, row in groups["clip"].items()}
    body = f"""<section class="tiles">{_tiles(strict, near)}</section>
<section>
<h2>Protocols</h2>
{figures_table("Protocol", metrics["protocols"])}
{figures_table("At threshold 0.5", half) if half else ""}
<p class="note"><b>strict</b> and <b>tracknetv1</b> count a ball predicted in a wrong place as a
miss, too; the interval is a bootstrap over clips. <b>strict</b> and <b>wasb</b> compare positions
in original pixels, <b>tracknetv1</b> at 1280x720, <b>tracknetv2</b> and <b>tracknetv3</b> as whole
pixels at 512x288.</p>
</section>
<section class="plots">
<figure><h2>Errors</h2>{plot(histogram, "Histogram of errors")}
<figcaption>Frames with a labelled and a predicted ball; nearer than 4 px counts as
found.</figcaption></figure>
<figure><h2>Found within a radius</h2>{plot(pck_curve(near["pck"]), "PCK curve")}
<figcaption>Share of the {near["visible"]} visible balls with a prediction within 1 to 20 px
(PCK).</figcaption></figure>
<figure><h2>Precision and recall</h2>{plot(curve, "Precision-recall curve")}
<figcaption>Protocol strict, over the score threshold; the dot is the predictions
scored here.</figcaption></figure>
</section>
<section class="tables">
<div><h2>Visibility</h2>
{figures_table("Class", groups["visibility"], "accuracy")}
<p class="note">The labels' classes; 0 is no ball. Protocol strict.</p></div>
<div><h2>Speed</h2>
{figures_table("Px a frame", speeds, "accuracy")}
<p class="note">Of visible balls, from the labels of neighbouring frames. Protocol strict.</p></div>
</section>
<section>
<h2>Clips</h2>
<div class="tall">{figures_table("Clip", groups["clip"], "f1")}</div>
<p class="note">Protocol strict.</p>
</section>
<section>
<h2>Trajectories</h2>
<p class="note"><span class="line"></span> Label. Prediction:
<span class="dot hit"></span>&nbsp;found, <span class="dot false"></span>&nbsp;in a wrong place or
where no ball is. <span class="dot missed"></span>&nbsp;Missed. Grey: unlabelled. Original pixels;
right and up are up. Lowest strict F1 first{
        f", {MOST} of {len(clips)} clips" if len(clips) > MOST else ""
    }.</p>
{trajectories(names, labels, tracks, f1)}
</section>
<section>
<h2>Worst frames</h2>
<p class="note"><span class="ring"></span> Label; inside the ring, 4 px around it, counts as found.
<span class="cross">&times;</span>&nbsp;Prediction. Magnified 3 times. Where the two lie far apart,
the label is in the left half, the prediction in the right.</p>
{_cards(worst_mistakes(labels, tracks), clips, labels, tracks)}
</section>"""
    write_page(path, title, facts, body)


def _tiles(strict: Mapping[str, Any], near: Mapping[str, Any]) -> str:
    median, p90 = (
        "none" if near[name] is None else f"{near[name]:.2f} px" for name in ("median_px", "p90_px")
    )
    ends = strict["f1_interval"]
    interval = " to ".join(f"{end:.1%}" for end in ends) if ends else "&ndash;"
    return tiles(
        [
            ("F1, strict", f"{strict['f1']:.1%}", f"95 %: {interval}"),
            ("Precision", f"{strict['precision']:.1%}", f"{strict['fp1'] + strict['fp2']} false"),
            ("Recall", f"{strict['recall']:.1%}", f"{strict['fp1'] + strict['fn']} missed"),
            ("Median error", median, f"90th percentile: {p90}"),
        ]
    )


def _cards(
    mistakes: Sequence[Mistake],
    clips: Sequence[Clip],
    labels: Sequence[Labels],
    tracks: Sequence[Track],
) -> str:
    frames = fetch_frames([(mistake.clip, mistake.frame) for mistake in mistakes], clips)
    cards = []
    for mistake in mistakes:
        kind, meaning = KINDS[mistake.outcome]
        far = f", {mistake.distance:.0f} px off" if mistake.outcome is Outcome.FP1 else ""
        caption = (
            f'<span class="kind {kind.lower()}">{kind}</span> {meaning}{far}<br>'
            f"{escape(clips[mistake.clip].name)}, frame {mistake.frame}<br>"
            f"score {mistake.score:.2f}"
        )
        crop, place = frames.get((mistake.clip, mistake.frame)), mistake.frame
        if crop is not None:
            label = labels[mistake.clip].xy[place] if mistake.outcome is not Outcome.FP2 else None
            track = tracks[mistake.clip]
            crop = draw(crop, label, track.xy[place] if track.visible[place] else None)
        cards.append(card(crop, f"{kind} in frame {mistake.frame}", caption))
    return f'<div class="cards">{"".join(cards) or "<p>Not one mistake.</p>"}</div>'
