import pytest
import torch

from tracknet.devices import (
    channels_last,
    lacks_memory,
    pick_device,
    supports_bfloat16,
    synchronize,
)
from tracknet.errors import InputError


def test_a_device_by_name(monkeypatch):
    assert pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["gpu", "cuda", "mps", "cpu:x", "", 0])
def test_a_device_that_is_not_there_is_named(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"device={name}; expected auto, .*: cpu"):
        pick_device(name)


def test_auto_takes_the_first_that_is_there(monkeypatch):
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert pick_device("auto").type == expected


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_on_a_cpu_only_where_it_is_fast(monkeypatch, fast):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: fast)
    assert supports_bfloat16(torch.device("cpu")) is fast
    assert supports_bfloat16(torch.device("mps")) is False


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 20.48 GiB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_a_full_memory_is_known_on_every_device(error, expected):
    assert lacks_memory(error) is expected


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_timing_waits_for_the_device(monkeypatch, kind):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: waited.append("cuda"))
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    synchronize(torch.device(kind))
    assert waited == [kind] * (kind != "cpu")


def test_only_2d_convolutions_have_their_channels_last():
    flat, deep = torch.nn.Conv2d(4, 8, 3), torch.nn.Conv3d(4, 8, 3)
    channels_last(torch.nn.Sequential(flat, deep))
    assert flat.weight.is_contiguous(memory_format=torch.channels_last)
    assert not flat.weight.is_contiguous()
    assert deep.weight.is_contiguous()
