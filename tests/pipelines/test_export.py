"""A model is made of a run: the same network, without its machine's places, with a card."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
import yaml

import tracknet
from tracknet.errors import InputError
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.export import export
from tracknet.pipelines.info import info
from tracknet.record import KEY, Record, network_state, read_checkpoint
from tracknet.zoo import OURS
from tracknet.zoo.folder import CARD, CONFIG, WEIGHTS


@pytest.fixture(scope="module")
def scored(compose, tiny_data, tiny_run, tmp_path_factory):
    """The folder of an evaluation of the tiny run, and its figures."""
    output = tmp_path_factory.mktemp("scored")
    settings = [*tiny_data, f"ckpt={tiny_run}", "threshold=0", f"paths.output={output}"]
    return output, evaluate(compose("evaluate", settings))


@pytest.fixture
def exported(compose, tiny_run, tmp_path):
    """Exports the tiny run, or what else is named, with further settings."""

    def make(*settings, ckpt=tiny_run):
        return export(compose("export", [f"ckpt={ckpt}", f"paths.output={tmp_path}", *settings]))

    return make


def test_it_is_the_same_network(tiny_model, tiny_run):
    there, here = read_checkpoint(tiny_run), read_checkpoint(tiny_model)
    for name, value in network_state(there).items():
        assert network_state(here)[name].equal(value)
    assert there["global_step"] == here["global_step"]
    assert Record.of(there).thresholds == Record.of(here).thresholds
    frames = np.random.default_rng(0).integers(0, 255, (9, 64, 128, 3), np.uint8)
    run, model = (
        tracknet.load(which, device="cpu", threshold=0).predict(frames)
        for which in (tiny_run, tiny_model)
    )
    np.testing.assert_array_equal(run.xy, model.xy)
    np.testing.assert_array_equal(run.score, model.score)


def test_no_place_of_the_machine_is_left(tiny_model, tiny_run):
    content = (tiny_model / CONFIG).read_text()
    assert not re.search(r'"(/|\.\.?/|outputs)', content)
    assert str(tiny_run) not in content
    config = json.loads(content)[KEY]["config"]
    assert "paths" not in config
    assert "dirpath" not in config["callbacks"]["best"]
    assert config["optimizer"] == Record.of(read_checkpoint(tiny_run)).config["optimizer"]


def test_its_own_data_is_scored_as_the_runs_is(compose, tiny_model, tiny_data, scored, tmp_path):
    places = [setting for setting in tiny_data if setting.startswith("paths.")]
    settings = [f"ckpt={tiny_model}", "threshold=0", f"paths.output={tmp_path}", *places]
    metrics = evaluate(compose("evaluate", settings))
    assert metrics["weights_sha256"] == scored[1]["weights_sha256"]
    assert metrics["protocols"] == scored[1]["protocols"]


def test_the_card_has_the_figures_of_the_evaluation(exported, scored, tmp_path):
    (tmp_path / "notes.md").write_text("Footage: rendered, **nobody's**.\n")
    output, metrics = scored
    settings = [f"evaluations=[{output}]", "name=a", "license=mit"]
    card = (exported(*settings, f"notes={tmp_path / 'notes.md'}") / CARD).read_text()
    _, header, text = card.split("---\n", 2)
    assert yaml.safe_load(header)["license"] == "mit"
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", text, re.MULTILINE))
    for name, figures in metrics["protocols"].items():
        first, *_, tp, fp1, fp2, fn, tn = rows[name].split(" | ")
        assert first == f"{figures['f1']:.3f}"
        counts = [int(count) for count in (tp, fp1, fp2, fn, tn)]
        assert counts == [figures[key] for key in ("tp", "fp1", "fp2", "fn", "tn")]
    assert f"{metrics['frames_per_second']:.1f} frames/s" in text
    assert metrics["facts"]["machine"] in text
    assert "5 frames of 64x128" in rows["input"]
    assert re.match(r"0\.\d\d GFLOP a window of 5 frames", rows["cost"])
    assert "train: 2 clips" in rows["splits"]
    assert "test/match1/r00001" in text
    assert text.endswith("\n## Notes\n\nFootage: rendered, **nobody's**.\n")
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if "|" in line}
    assert widths == {3, 7, 13}, "a table's rows have as many cells as its head"


def test_the_card_of_what_nobody_scored_says_so(tiny_model):
    assert "Nobody has scored it" in (tiny_model / CARD).read_text()


def test_figures_of_other_weights_are_refused(exported, scored, tmp_path):
    output, metrics = scored
    (tmp_path / "other").mkdir()
    other = json.dumps({**metrics, "weights_sha256": "0"})
    (tmp_path / "other" / "metrics.json").write_text(other)
    with pytest.raises(InputError, match=r"other/metrics\.json: these figures are of other weig"):
        exported(f"evaluations=[{output},{tmp_path / 'other'}]")
    with pytest.raises(InputError, match=r"none/?.*: no figures of an evaluation"):
        exported(f"evaluations={tmp_path / 'none'}")
    (tmp_path / "other" / "metrics.json").write_text(json.dumps({**metrics, "localisation": {}}))
    with pytest.raises(InputError, match=r"figures of an evaluation are not whole .*visible"):
        exported(f"evaluations={tmp_path / 'other'}")
    assert {file.name for file in tmp_path.iterdir()} == {"other"}


def test_half_precision_is_half_the_size_and_nearly_the_same(exported, tiny_model):
    half = exported("precision=float16", "name=half")
    sizes = [(folder / WEIGHTS).stat().st_size for folder in (half, tiny_model)]
    assert sizes[0] < 0.6 * sizes[1]
    assert "in float16" in (half / CARD).read_text()
    own, whole = (
        tracknet.load(folder, device="cpu").network.model for folder in (half, tiny_model)
    )
    for name, value in own.state_dict().items():
        assert value.dtype == whole.state_dict()[name].dtype
        torch.testing.assert_close(value, whole.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_what_float16_cannot_hold_is_refused(exported, tiny_run, tmp_path):
    checkpoint = read_checkpoint(tiny_run)
    checkpoint["state_dict"]["model.head.logits.bias"].fill_(1e6)
    torch.save(checkpoint, tmp_path / "large.ckpt")
    with pytest.raises(InputError, match=r"precision=float16: head\.logits\.bias is too large"):
        exported("precision=float16", ckpt=tmp_path / "large.ckpt")


def test_a_model_is_exported_again_with_what_it_says_of_its_run(exported, tiny_model):
    again = exported("name=again", ckpt=tiny_model)
    assert (again / WEIGHTS).read_bytes() == (tiny_model / WEIGHTS).read_bytes()
    assert (again / CONFIG).read_text() == (tiny_model / CONFIG).read_text()


def test_its_name_is_that_of_the_run_and_nothing_is_replaced(exported, tiny_run):
    folder = exported()
    assert folder.name == tiny_run.name
    with pytest.raises(InputError, match=r"run: is there already; remove it, or choose another na"):
        exported()
    with pytest.raises(InputError, match=r"^name=\.\./a: expected letters, digits, dots"):
        exported("name=../a")


def test_what_is_too_large_for_the_package_is_refused(exported, monkeypatch, tmp_path):
    monkeypatch.setattr("tracknet.pipelines.export.LARGEST", 100_000)
    with pytest.raises(InputError, match=r"and a model of this package has at most 100\.0 kB; cho"):
        exported("name=large", f"paths.output={OURS}")
    assert not (OURS / "large").exists()
    assert exported("name=large").parent == tmp_path


def test_what_it_says_of_itself(capsys, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "a")
    assert info([str(tmp_path / "a")])
    out = capsys.readouterr().out
    assert f"card        {tmp_path / 'a' / CARD}" in out
    assert re.search(r"^trained +this is epoch \d, after \d+ steps$", out, re.MULTILINE)
    assert "written by  tracknet " in out
    assert f"train.py my_videos init_from={tmp_path / 'a'}" in out
    assert "resume=" not in out


def test_the_command(run_script, tiny_run, scored, tmp_path):
    done = run_script("export", tiny_run, scored[0], "name=b", f"hydra.run.dir={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    assert f"wrote {tmp_path / 'out' / 'b'}: {WEIGHTS} (" in done.stdout
    assert "| strict | " in (tmp_path / "out" / "b" / CARD).read_text()
