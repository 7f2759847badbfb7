"""Published checkpoints become runs; whatever else is in a file is refused, and never run."""

import csv
import os
import shutil
from collections import OrderedDict

import numpy as np
import pytest
import torch

from tests.published.goldens import GOLDENS, drawn, write
from tracknet.errors import InputError
from tracknet.network import build_model
from tracknet.pipelines.import_checkpoint import import_checkpoint
from tracknet.pipelines.info import info
from tracknet.pipelines.train import train
from tracknet.published import KINDS
from tracknet.record import Record, read_checkpoint


@pytest.fixture(scope="module")
def states(resolved):
    """What a file of each kind holds."""
    with torch.device("meta"):
        models = {
            kind: build_model(resolved("train", [f"experiment={kind}"])) for kind in ("tracknetv2",)
        }
        settings = ["experiment=wasb", "backbone.unused=true"]
        models["wasb"] = build_model(resolved("train", settings))
        models["tracknetv3"] = build_model(resolved("train", ["experiment=tracknetv3"]))
    named = {kind: KINDS[kind].to_published(model.state_dict()) for kind, model in models.items()}
    return {
        kind: OrderedDict((key, drawn(key, value)) for key, value in state.items())
        for kind, state in named.items()
    }


@pytest.fixture
def imported(compose, tmp_path):
    """Imports a file as a kind, into a folder."""

    def make(file, kind, folder="run"):
        settings = [f"experiment={kind}", f"kind={kind}", f"source={file}"]
        return import_checkpoint(
            compose("import_checkpoint", [*settings, f"paths.output={tmp_path / folder}"])
        )

    return make


def refused(imported, file, kind, match):
    with pytest.raises(InputError, match=match) as error:
        imported(file, kind)
    assert str(error.value).startswith(f"{file}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_container_imports(imported, states, tmp_path, kind, prefix, capsys):
    state = OrderedDict((prefix + key, value) for key, value in states[kind].items())
    file = write(tmp_path / "published.pt", GOLDENS[kind], state)
    run = imported(file, kind)
    checkpoint = read_checkpoint(run)
    record = Record.of(checkpoint)
    assert record.thresholds == {"none": 0.5}
    assert record.val_f1 is None
    assert record.weights["name"] == f"{kind}, published.pt"
    assert len(checkpoint["state_dict"]) == len(state)
    assert info([str(run)])
    said = capsys.readouterr().out
    assert f"imported weights ({kind}, published.pt)" in said
    assert "validation  not measured" in said
    with pytest.raises(InputError, match="holds a run already; choose another hydra"):
        imported(file, kind)


def test_a_file_of_another_kind_is_named(imported, states, tmp_path):
    file = write(tmp_path / "a.pt", GOLDENS["tracknetv3"], states["tracknetv3"])
    refused(
        imported, file, "wasb", "whose weights are in an entry model_state_dict; it may be kind=tr"
    )
    file = write(tmp_path / "b.pt", GOLDENS["wasb"], states["wasb"])
    refused(imported, file, "tracknetv3", "it may be kind=wasb or kind=tracknetv2")
    said = refused(imported, file, "tracknetv2", r"inc\.double_conv\.0\.weight is missing")
    assert "more" in said
    torch.save({"weights": states["wasb"]}, file)
    refused(imported, file, "wasb", "an entry model_state_dict; it has weights")
    torch.save(torch.ones(3), file)
    refused(imported, file, "wasb", "it has none at all")
    refused(imported, tmp_path / "absent.pt", "wasb", "no such file")


def test_a_mismatch_is_named_key_by_key(imported, states, tmp_path):
    state = OrderedDict(states["wasb"])
    state["conv9.weight"] = state.pop("conv2.weight")
    state["bn1.bias"] = torch.zeros(63)
    state["bn2.bias"] = state["bn2.bias"].double()
    state["stage3.0.branches.1.0.bn2.weight"] = state["bn2.bias"][:32].float() / 0
    file = write(tmp_path / "a.pt", GOLDENS["wasb"], state)
    said = refused(imported, file, "wasb", "not the weights of this network")
    for part in (
        "conv2.weight is missing",
        "conv9.weight is none of its keys",
        "bn1.bias is float32 63, expected float32 64",
        "bn2.bias is float64 64, expected float32 64",
        "stage3.0.branches.1.0.bn2.weight is not finite",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"bg_mode": "subtract"}, "bg_mode=subtract: expected '' or concat"),
        ({"bg_mode": 3}, "bg_mode=3"),
        ({"seq_len": 99}, "seq_len=99: expected a whole number from 1 to 16"),
        ({"seq_len": "8"}, "seq_len=8: expected"),
        ({"model_name": "InpaintNet"}, "InpaintNet sees coordinates"),
        ({"seq_len": 3}, r"down_block_1\.conv_1\.conv\.weight is float32 64x27x3x3, expected"),
    ],
)
def test_networks_that_are_not_built_here(imported, states, tmp_path, told, match):
    golden = GOLDENS["tracknetv3"]
    golden = golden._replace(told={**golden.told, **told})
    file = write(tmp_path / "a.pt", golden, states["tracknetv3"])
    refused(imported, file, "tracknetv3", match)


class Hostile:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["beside the weights", "among the weights"])
def test_a_hostile_pickle_runs_nothing(imported, states, tmp_path, kind, place):
    file = write(tmp_path / "a.pt", GOLDENS[kind], states[kind])
    allowed = [np.dtype, np.dtypes.Float64DType, np._core.multiarray.scalar]
    with torch.serialization.safe_globals(allowed):
        content = torch.load(file, weights_only=True)
    inner = content if place == "beside the weights" else content[KINDS[kind].entry]
    inner["epoch"] = Hostile(tmp_path / "mark")
    torch.save(content, file)
    refused(imported, file, kind, r"pickle names '(posix|nt|os) mkdir', which is no tensor")
    assert not (tmp_path / "mark").exists()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("number", [np.float32(1), np.int64(1), np.zeros(3), np.bool_(True)])
def test_no_other_number_of_numpy_is_taken(imported, states, tmp_path, number):
    torch.save({"model": states["tracknetv3"], "max_val_acc": number}, tmp_path / "a.pt")
    refused(imported, tmp_path / "a.pt", "tracknetv3", "kind=tracknetv3")


def test_a_file_that_was_cut_off(imported, states, tmp_path):
    file = write(tmp_path / "a.pt", GOLDENS["wasb"], states["wasb"])
    content = file.read_bytes()
    for length in (0, 100, len(content) // 2, len(content) - 10):
        file.write_bytes(content[:length])
        refused(imported, file, "wasb", "no file of weights, or damaged|pickle is damaged")


def test_from_a_file_to_a_table_and_on_to_a_training(
    run_script, compose, states, tmp_path, tiny_data
):
    file = write(tmp_path / "wasb best.pth.tar", GOLDENS["wasb"], states["wasb"])
    run, clip = tmp_path / "run", tmp_path / "clip"
    done = run_script("import_checkpoint", file, "wasb", f"hydra.run.dir={run}")
    assert done.returncode == 0, done.stderr
    clip.mkdir()
    import cv2

    for i in range(4):
        cv2.imwrite(str(clip / f"{i}.png"), np.full((90, 160, 3), 40 * i, np.uint8))
    done = run_script("predict", run, clip, f"hydra.run.dir={tmp_path / 'found'}")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "found" / "clip.csv") as table:
        assert len(list(csv.DictReader(table))) == 4
    assert (tmp_path / "found" / "clip_overlay.mp4").stat().st_size
    shutil.rmtree(tmp_path / "found")
    settings = ["experiment=wasb", *tiny_data, f"init_from={run}", "backbone.unused=true"]
    settings += ["trainer.max_epochs=1", "trainer.limit_train_batches=1", "batch_size=1"]
    settings += ["trainer.limit_val_batches=1", "callbacks.pictures=null", "data.frames=12"]
    output = f"paths.output={tmp_path / 'trained'}"
    train(compose("train", [*settings, output]), settings)
    log = (tmp_path / "trained" / "train.log").read_text()
    assert f"428 of 428 tensors from {run}" in log
    more = [s for s in settings if not s.startswith(("init_from", "trainer.max_epochs"))]
    more += ["trainer.max_epochs=2", f"resume={tmp_path / 'trained'}", output]
    train(compose("train", more), more)
    assert read_checkpoint(tmp_path / "trained" / "checkpoints" / "last.ckpt")["epoch"] == 1
