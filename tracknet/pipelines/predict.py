"""Turns videos into trajectories and pictures of them."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracknet.build import build
from tracknet.checkpoint import load
from tracknet.console import console, noticed
from tracknet.inference.export import Summary, predict_video
from tracknet.inference.predictor import Predictor
from tracknet.inference.tracking import Tracker
from tracknet.video import DamageWarning, Frame, Source, VideoError, VideoInfo, output_names


def predict(
    cfg: Mapping[str, Any],
    sources: list[Source],
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
    damage: Sequence[str] = (),
) -> list[Summary]:
    """Loads a checkpoint and follows the ball in every source, see `predict_all`.

    Args:
        cfg: The resolved configuration ``predict``.
        sources: Videos, folders of frames and URLs of streams.
        opened: What `open_video` gave of the first source, if it is being read already.
        damage: Grows by what is found wrong with it.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        SystemExit: As in `predict_all`.
    """
    tracker = build(cfg, "tracking")
    choices = {key: cfg[key] for key in ("threshold", "overlap", "device", "batch_size")}
    predictor = load(cfg["ckpt"], **choices)
    output = Path(cfg["paths"]["output"])
    return predict_all(predictor, sources, output, cfg["overlay"], opened, damage, tracker)


def predict_all(
    predictor: Predictor,
    sources: Sequence[Source],
    output: Path,
    overlay: bool = True,
    opened: tuple[VideoInfo, Iterable[Frame]] | None = None,
    damage: Sequence[str] = (),
    tracker: Tracker | None = None,
) -> list[Summary]:
    """Writes `<name>.csv` and, if wanted, `<name>_overlay.mp4` of every source.

    Where sources have the same name, their folders tell the results apart.

    `opened` and `damage` are as in `predict`.

    Raises:
        SystemExit: A source could not be read, or is damaged; what could be read is written.
    """
    output.mkdir(parents=True, exist_ok=True)
    out = console()
    summaries, broken = [], []
    for source, name in zip(sources, output_names(sources), strict=True):
        try:
            with noticed(DamageWarning) as own:
                summary = predict_video(predictor, source, output, overlay, opened, tracker, name)
            damaged = bool(own or damage)
        except VideoError as error:
            broken.append(str(error))
            continue
        finally:
            opened, damage = None, ()
        summaries.append(summary)
        if damaged:
            broken.append(f"{source} is damaged; what could be read is in {summary.csv}")
        share = summary.balls / max(1, summary.frames)
        out.print(
            f"{getattr(source, 'name', source)}: {summary.frames} frames, a ball in "
            f"{summary.balls} ({share:.0%}), {summary.frames / summary.seconds:.0f} frames/s"
        )
        if summary.delays is not None:
            out.print(
                f"delay of a frame: median {np.median(summary.delays):.2f} s, "
                f"most {summary.delays.max():.2f} s"
            )
        for file in (summary.csv, summary.overlay):
            if file:
                out.print(f"wrote {file}")
    if broken:
        sys.exit("\n".join(broken))
    return summaries
