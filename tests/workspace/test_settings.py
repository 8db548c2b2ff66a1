"""Settings of a workspace: kept, followed where the default backbone is taken, and said where they cannot be read."""

import json

import pytest

from transfer_core.errors import GraftError
from transfer_core.workspace import Settings, Workspace


def test_what_is_set_is_kept(workspace: Workspace) -> None:
    first = workspace.backbones.get()
    assert workspace.settings.get() == Settings(first_model=True, backbone=None)
    workspace.settings.change(first_model=False, backbone="resnet18")
    with Workspace(workspace.root, write=False) as again:
        assert again.settings.get() == Settings(first_model=False, backbone="resnet18")
        assert again.backbones.get().name == again.backbones.list()[0].name == "resnet18"
    workspace.settings.change(backbone=None)
    assert workspace.backbones.get() == first and workspace.settings.get().first_model is False
    assert not workspace.settings.troubles()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        *(("backbone", value, repr(value)) for value in ("no_such_net", "", 3, "small_cnn")),
        ("first_model", "no", "'first_model' is true or false"),
        ("resume", 1, "'resume' is true or false"),
        ("colour", "red", "There is no setting 'colour'"),
    ],
)
def test_what_does_not_fit_is_refused(workspace: Workspace, name: str, value: object, said: str) -> None:
    before = workspace.settings.get()
    with pytest.raises(GraftError, match=said):
        workspace.settings.change(**{name: value})
    assert workspace.settings.get() == before


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', "\ud83d".encode("utf-8", "surrogatepass"), "[" * 100_000])
def test_a_damaged_file_is_said(workspace: Workspace, text: str | bytes) -> None:
    workspace.settings.file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert workspace.settings.get() == Settings()
    assert "damaged" in workspace.settings.troubles()[0]
    workspace.settings.change(first_model=False)
    assert workspace.settings.get() == Settings(first_model=False) and not workspace.settings.troubles()


def test_what_cannot_be_followed_is_said_and_a_newer_graft_keeps_its_own(workspace: Workspace) -> None:
    file = workspace.settings.file
    file.write_text(json.dumps({"first_model": 3, "backbone": "gone", "later": [1, 2]}))
    first, second = workspace.settings.troubles()
    assert "first_model" in first and "gone" in second and workspace.settings.get() == Settings()
    assert workspace.backbones.get().name != "gone"
    workspace.settings.change(first_model=False, backbone="bundled")
    kept = {"later": [1, 2], "first_model": False, "resume": False, "backbone": "bundled"}
    assert json.loads(file.read_text()) == kept
