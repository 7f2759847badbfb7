import pytest

from tracknet.pipelines.train import train
from tracknet.record import read_checkpoint


@pytest.mark.slow
def test_a_run_that_time_ended_goes_on(compose, tiny_data, tiny_network, tmp_path):
    """Each start has the whole time: Lightning's own limit would leave none for the second."""
    settings = [*tiny_data, *tiny_network, f"paths.output={tmp_path}"]
    settings += ["trainer.max_time=00:00:00:01", "trainer.max_epochs=10000"]
    steps = []
    for resume in ([], [f"resume={tmp_path}"]):
        train(compose("train", [*settings, "callbacks.early_stopping=null", *resume]))
        steps.append(read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["global_step"])
    assert 0 < steps[0] < steps[1]
