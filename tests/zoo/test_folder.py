"""A model's folder comes from anywhere: what it may not be is one sentence, and takes no memory."""

import json
import shutil
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

import tracknet
from tracknet.errors import InputError
from tracknet.record import KEY, CheckpointError, read_checkpoint
from tracknet.zoo.folder import CARD, CONFIG, WEIGHTS, write_folder

NAME = "head.logits.weight"


def claims(folder, header: object, length: int | None = None) -> None:
    """Writes a file of weights with that header, which says that it is so long."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = struct.pack("<Q", len(content) if length is None else length)
    (folder / WEIGHTS).write_bytes(size + content)


def changed(folder, do) -> None:
    state = load_file(folder / WEIGHTS)
    do(state)
    save_file(state, folder / WEIGHTS)


def configured(folder, do) -> None:
    content = json.loads((folder / CONFIG).read_text())
    do(content)
    (folder / CONFIG).write_text(json.dumps(content))


ONE = {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}
FAULTS = {
    "there is no config.json beside it": lambda folder: (folder / CONFIG).unlink(),
    "config.json is no JSON": lambda folder: (folder / CONFIG).write_text("{"),
    "config.json is no JSON,": lambda folder: (folder / CONFIG).write_text("[" * 100_000),
    "config.json is no JSON, or": lambda folder: (folder / CONFIG).write_bytes(b'{"a": "\xff"}'),
    "config.json holds no settings": lambda folder: (folder / CONFIG).write_text("[]"),
    "config.json has 4,194,305 bytes": lambda f: (f / CONFIG).write_text(" " * ((4 << 20) + 1)),
    "holds no tracknet configuration": lambda folder: (folder / CONFIG).write_text("{}"),
    "its header has 1,099,511,627,776 bytes": lambda folder: claims(folder, {}, 1 << 40),
    "no file of weights, or damaged": lambda folder: (folder / WEIGHTS).write_bytes(b""),
    "no file of weights, or damaged;": lambda folder: claims(folder, b"[" * 100_000),
    "no file of weights, or damaged; ": lambda folder: claims(folder, []),
    "not a checkpoint, or damaged": lambda folder: claims(folder, {"a": ONE}),
    "tensors of kind 'F8_E4M3', which no network has": lambda folder: claims(
        folder, {"a": {"dtype": "F8_E4M3", "shape": [0], "data_offsets": [0, 0]}}
    ),
    r"head\.logits\.weight is not finite": lambda folder: changed(
        folder, lambda state: state[NAME].fill_(torch.nan)
    ),
    "1 of its .* weights are missing, head": lambda folder: changed(
        folder, lambda state: state.pop(NAME)
    ),
    "record is damaged .val_f1=NaN": lambda folder: configured(
        folder, lambda content: content[KEY].update(val_f1=float("nan"))
    ),
    "record is damaged .control codes": lambda folder: configured(
        folder, lambda content: content[KEY]["weights"].update(name="a\x1b[2J")
    ),
    r"backbone\._target_=os\.system: expected": lambda folder: configured(
        folder, lambda content: content[KEY]["config"]["backbone"].update(_target_="os.system")
    ),
}


@pytest.mark.parametrize("said", FAULTS)
def test_what_is_not_whole_or_not_harmless_is_refused(tiny_model, tmp_path, said):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    FAULTS[said](folder)
    with pytest.raises(InputError, match=said) as refused:
        tracknet.load(folder)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{folder / WEIGHTS}: ")


def test_the_configuration_adds_nothing_to_the_state_of_a_training(tiny_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    configured(folder, lambda content: content.update(loops=1, state_dict=2, optimizer_states=3))
    assert read_checkpoint(folder).keys() == read_checkpoint(tiny_model).keys()


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    state = {"a": torch.ones(2, 3).T, "b": torch.tensor(3)}
    state["tied"] = state["a"]
    with pytest.raises(TypeError):
        write_folder(tmp_path / "model", state, {"a": object()}, "card")
    assert not [*tmp_path.iterdir()]
    write_folder(tmp_path / "model", state, {"a": 1}, "card")
    assert {file.name for file in (tmp_path / "model").iterdir()} == {WEIGHTS, CONFIG, CARD}
    read = load_file(tmp_path / "model" / WEIGHTS)
    assert all(read[name].equal(value) for name, value in state.items())
    with pytest.raises(OSError, match="not empty"):
        write_folder(tmp_path / "model", state, {}, "another")
    assert (tmp_path / "model" / CARD).read_text() == "card"


def test_weights_alone_are_no_checkpoint(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"no config\.json beside it, which says what"):
        read_checkpoint(tmp_path / WEIGHTS)
