import subprocess
import sys
from pathlib import Path

import pytest

from tracknet.cli import CONFIGS
from tracknet.typos import misspelt


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["frams=5"], ["frams=5: did you mean frames=5?"]),
        (
            ["backbone=conv", "trainer.max_epoch=3", "seed=1"],
            ["trainer.max_epoch=3: did you mean trainer.max_epochs=3?"],
        ),
        (["experiment=own_video", "data.rot=a=b"], ["data.rot=a=b: did you mean data.root=a=b?"]),
        (["backbone=conv", "backbone.widths=[8]", "+new=1", "-m", "hydra.run.dir=a"], []),
        (["backbone=convv", "frams=5"], []),
        (["something_else_entirely=1"], []),
    ],
)
def test_the_likeliest_setting_is_named(given, meant):
    assert misspelt(CONFIGS, "train", given) == meant


def test_a_command_says_it_after_hydra():
    script = Path(__file__).parents[1] / "scripts" / "predict.py"
    command = [sys.executable, script, "ckpt=a", "source=b", "treshold=0.4"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == "treshold=0.4: did you mean threshold=0.4?"
