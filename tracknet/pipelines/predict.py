"""Turns videos into trajectories and pictures of them."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tracknet.checkpoint import load
from tracknet.console import console
from tracknet.inference.export import Summary, predict_video
from tracknet.video import Frame, VideoError


def predict(
    cfg: Mapping[str, Any], sources: list[Path], frames: Iterable[Frame] | None = None
) -> list[Summary]:
    """Writes `<name>.csv` and, if wanted, `<name>_overlay.mp4` of every source.

    Args:
        cfg: The resolved configuration ``predict``.
        sources: Videos and folders of frames.
        frames: The first source's frames if they are being read already.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        SystemExit: A source could not be read; the others were.
    """
    choices = {key: cfg[key] for key in ("threshold", "overlap", "device", "batch_size")}
    predictor = load(cfg["ckpt"], **choices)
    output = Path(cfg["paths"]["output"])
    output.mkdir(parents=True, exist_ok=True)
    out = console()
    summaries, broken = [], []
    for source in sources:
        try:
            summary = predict_video(predictor, source, output, cfg["overlay"], frames)
        except VideoError as error:
            broken.append(str(error))
            continue
        finally:
            frames = None
        summaries.append(summary)
        share = summary.balls / max(1, summary.frames)
        out.print(
            f"{source.name}: {summary.frames} frames, a ball in {summary.balls} ({share:.0%}), "
            f"{summary.frames / summary.seconds:.0f} frames/s"
        )
        for file in (summary.csv, summary.overlay):
            if file:
                out.print(f"wrote {file}")
    if broken:
        sys.exit("\n".join(broken))
    return summaries
