"""Devices: the best first, the CPU always there, titles for people."""

from types import SimpleNamespace

import pytest
import torch

from transfer_core.training.devices import devices


def test_the_cpu_is_always_there_and_last() -> None:
    found = devices()
    assert found[-1].name == "cpu"
    assert f"CPU, {torch.get_num_threads()} thread" in found[-1].title


def test_cuda_then_mps_then_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(name="NVIDIA H200", total_memory=150_110_011_392)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: known)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    found = devices()
    assert [device.name for device in found] == ["cuda:0", "cuda:1", "mps", "cpu"]
    assert found[0].title == "NVIDIA H200, 139 GB"
