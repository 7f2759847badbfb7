"""Where frames come from changes nothing."""

import torch

from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint


def test_resident_frames_train_the_same_network(compose, tiny_data, tiny_network, tmp_path, capsys):
    weights = []
    for resident in ("false", "true"):
        run = tmp_path / resident
        own = [f"resident={resident}", f"paths.output={run}", "inputs.background=true"]
        train(compose("train", [*tiny_data, *tiny_network, *own]))
        weights.append(read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"])
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    printed = capsys.readouterr().out
    assert "of training, memory-mapped" in printed
    assert "of training, on cpu" in printed
