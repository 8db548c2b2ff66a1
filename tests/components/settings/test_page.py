"""The Settings page: what is set is kept and followed, what is freed is said."""

import json
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import state
from components.kit import text
from transfer_core.types import Dataset
from transfer_core.workspace import Settings, Workspace, limits

PAGES = Path(__file__).resolve().parents[3] / "pages"


@pytest.fixture
def page(opened: Workspace) -> AppTest:
    made = AppTest.from_file(str(PAGES / "settings.py"), default_timeout=20)
    made.session_state[state.opened.key] = True
    return made.run()


def test_the_default_backbone_and_the_first_model_are_set(opened: Workspace, page: AppTest) -> None:
    assert not page.exception
    own = opened.backbones.own_choice()
    (box,) = page.selectbox
    assert box.value == "" and box.options[0] == f"Graft's own choice: {own.title}"
    page.session_state[state.backbone.key] = "bundled"  # chosen for this session before
    box.set_value("resnet18").run()
    assert opened.settings.get() == Settings(backbone="resnet18") and state.backbone.key not in page.session_state
    assert "11.7 M parameters" in page.caption[0].value.replace("\\", "")
    page.toggle(key=state.first_model.key).set_value(False).run()
    assert opened.settings.get() == Settings(backbone="resnet18", first_model=False)
    page.toggle(key=state.resume.key).set_value(True).run()
    page.selectbox[0].set_value("").run()
    assert opened.settings.get() == Settings(first_model=False, resume=True) and not page.exception


def test_what_is_damaged_is_said_and_what_another_tab_sets_is_seen(opened: Workspace, page: AppTest) -> None:
    opened.settings.change(first_model=False)
    assert page.run().toggle[0].value is False
    opened.settings.file.write_text("{")
    assert "damaged" in page.run().warning[0].value and page.toggle[0].value is True
    page.toggle[0].set_value(False).run()
    assert not page.warning and opened.settings.get() == Settings(first_model=False)


def test_what_takes_room_is_freed(opened: Workspace, dataset: Dataset, page: AppTest) -> None:
    features = opened.root / "features" / f"{dataset.id}-0.npz"
    features.parent.mkdir(exist_ok=True)
    features.write_bytes(b"x" * 3_000_000)
    page.run()
    assert "Free 3" in page.button(key="free_features").label
    page.button(key="free_features").click().run()
    assert not features.exists() and "MB freed" in page.success[0].value and not page.exception
    assert "free_features" not in {each.key for each in page.button}
    opened.datasets.delete(dataset.id)
    page.session_state[state.deleted_dataset.key] = (dataset.id, dataset.name)
    page.run().button(key="free_removed").click().run()
    assert not opened.datasets.folder(dataset).exists() and state.deleted_dataset.key not in page.session_state


def test_every_limit_is_listed_with_its_reason_and_who_reaches_graft_is_said(page: AppTest) -> None:
    shown = " ".join(json.loads(each.proto.json).get("html", "") for each in page.get("bidi_component"))
    for each in limits():
        assert all(text.html(words) in shown for words in (each.what, each.most, each.why)), each.what
    assert f"{st.get_option('server.maxUploadSize'):,} MB" in shown
    assert "to this machine alone" in " ".join(each.value for each in page.markdown)
