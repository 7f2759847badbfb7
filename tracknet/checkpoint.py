"""From a checkpoint to a predictor: the file alone is enough."""

from pathlib import Path
from typing import Literal

from tracknet.build import build
from tracknet.devices import pick_device
from tracknet.inference.network import TorchNetwork
from tracknet.inference.overlap import OverlapName
from tracknet.inference.predictor import Predictor
from tracknet.network import build_model
from tracknet.record import Record, network_state, read_checkpoint


def load(
    path: str | Path,
    threshold: float | None = None,
    overlap: OverlapName = "none",
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
) -> Predictor:
    """A predictor from a run directory or a checkpoint file; see `tracknet.load`."""
    checkpoint = read_checkpoint(path)
    record = Record.of(checkpoint)
    config, thresholds = record.config, record.thresholds
    model = build_model(config, weights=record.weights)
    model.load_state_dict(network_state(checkpoint))
    return Predictor(
        network=TorchNetwork(model, pick_device(device)),
        codec=build(config, "codec"),
        image_size=tuple(config["image_size"]),
        fit=build(config, "fit"),
        # A run that was cut off has validated separate windows only.
        threshold=thresholds.get(overlap, thresholds["none"]) if threshold is None else threshold,
        overlap=overlap,
        batch_size=batch_size,
    )
