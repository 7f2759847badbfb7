import shlex
from pathlib import Path

from tracknet.data.formats.generic import Generic
from tracknet.pipelines.card import print_next_steps

FIGURES = {
    "epoch": 3,
    "val_f1": 0.5,
    "threshold": 0.4,
    "val_f1_overlap_mean": 0.6,
    "threshold_overlap_mean": 0.3,
}


def test_what_comes_next_can_be_pasted_into_a_shell(capsys):
    print_next_steps(Path("outputs/a run"), FIGURES, Generic("my videos", {"test": ["test"]}))
    (evaluate,) = [line for line in capsys.readouterr().out.splitlines() if "evaluate" in line]
    assert shlex.split(evaluate)[-4:] == [
        "ckpt=outputs/a run",
        "data=generic",
        "data.root=my videos",
        "split=test",
    ]
