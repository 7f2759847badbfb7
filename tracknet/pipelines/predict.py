"""Turns a video into a trajectory and a picture of it."""

from pathlib import Path

from omegaconf import DictConfig

from tracknet.checkpoint import load
from tracknet.inference.export import Summary, predict_video


def predict(cfg: DictConfig) -> Summary:
    """Writes `<name>.csv` and, if wanted, `<name>_overlay.mp4` into the run directory.

    Raises:
        VideoError: The source cannot be read.
        CheckpointError: The checkpoint cannot be read.
    """
    predictor = load(cfg.ckpt, cfg.threshold, cfg.overlap, cfg.device, cfg.batch_size)
    output = Path(cfg.paths.output)
    output.mkdir(parents=True, exist_ok=True)
    summary = predict_video(predictor, Path(cfg.source), output, cfg.overlay)
    print(summary)
    return summary
