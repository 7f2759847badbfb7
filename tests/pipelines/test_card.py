import re
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


def test_what_comes_next_can_be_pasted_into_a_shell(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Path("outputs/[a run]")
    run.mkdir(parents=True)
    dataset = Generic("my videos", {"test": ["test"]})
    video = Path("my videos/it's (1).mp4")
    config = {
        "backbone": {"_target_": "mine.Net", "cfg": {"_target_": "yours.Settings"}},
        "data": {"_target_": "clips.Clips"},
        "trainer": {"max_epochs": 4},
        "logger": {"tensorboard": {"save_dir": "."}},
    }
    print_next_steps(run, FIGURES, config, dataset, video)
    assert "resume=" not in capsys.readouterr().out  # nothing says what it was composed of
    (run / "overrides.yaml").touch()
    print_next_steps(run, FIGURES, config, dataset, video)
    lines = [shlex.split(line, comments=True) for line in capsys.readouterr().out.splitlines()[2:]]
    evaluate, predict, resume = lines[-4:-1]
    assert evaluate[-3:] == [
        *("outputs/[a run]", "trust=[clips,mine,yours]"),
        "split=val",  # there is nothing to test on
    ]
    assert predict[-3:] == ["outputs/[a run]", "my videos/it's (1).mp4", "trust=[mine,yours]"]
    assert resume[-2:] == ["resume=outputs/[a run]", "trainer.max_epochs=8"]


def test_the_card_shows_every_stage_and_how_much_is_seen(tiny_run):
    said = re.sub(r"(?m)^\d{4}-\S+ \S+  ", "", (tiny_run / "train.log").read_text())
    lines = [line.replace("│", " ").split() for line in said.splitlines()]
    rows = {line[0]: line[1:] for line in reversed(lines) if line}  # the first of a name
    assert rows["input"][:2] == ["WindowInput", "5x3x64x128"]
    assert rows["detail"][:3] == ["ConvDetail", "16x16x32", "4"]
    assert rows["head"][:3] == ["HeatmapHead", "5x16x32", "4"]
    assert " ".join(rows["epoch"]) == "8 of 40 windows, 2 times"
    assert "time" not in rows  # too short to tell
