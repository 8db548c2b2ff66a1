"""The switches of augmentation: they show what is in force, follow the preset, and the picture follows them."""

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from components import shell, state
from components.state import Form
from components.train.settings import changed
from transfer_core.data.look_alikes import FILE
from transfer_core.jobs.tasks import task_of
from transfer_core.types import PRESETS, SWITCHES, Augmentation, Dataset
from transfer_core.workspace import Workspace

PAGE = str(Path(shell.__file__).parents[1] / "pages" / "train.py")


def train_page(*chosen: str, **settings: Any) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=30)
    page.session_state[state.opened.key] = page.session_state[state.show_settings.key] = True
    page.session_state[state.form.key] = Form(chosen=list(chosen), settings=settings)
    return page.run()


def kept(page: AppTest) -> Form:
    return page.session_state[state.form.key]


def key(page: AppTest, name: str) -> str:
    return kept(page).key(f"set_{name}")


def shown(page: AppTest) -> set[str]:
    assert not page.exception and not page.error
    return {name for name in SWITCHES if page.toggle(key=key(page, name)).value}


def switched(page: AppTest, name: str) -> AppTest:
    toggle = page.toggle(key=key(page, name))
    return toggle.set_value(not toggle.value).run()


def on(augmentation: Augmentation) -> set[str]:
    return {name for name in SWITCHES if getattr(augmentation, name)}


def test_switches_move_with_the_preset_save_what_the_user_has_set(opened: Workspace, dataset: Dataset) -> None:
    page = train_page("fine_tune_all")
    rule = opened.recipes.make(dataset, "fine_tune_all").augment
    assert shown(page) == on(PRESETS[rule]) and kept(page).settings == {}
    for preset in ("light", "none", "standard"):
        page.selectbox(key=key(page, "augment")).select(preset).run()
        assert shown(page) == on(PRESETS[preset])
    switched(switched(page, "flip"), "erasing")
    assert shown(page) == on(PRESETS["standard"]) - {"flip"} | {"erasing"}
    assert kept(page).settings == {"augment": "standard", "flip": "no", "erasing": "yes"}
    assert "flip left and right no" in changed(opened, kept(page))
    page.selectbox(key=key(page, "augment")).select("light").run()
    assert shown(page) == {"shift", "erasing"}, "what was said holds with any preset"
    switched(page, "flip")
    assert kept(page).settings == {"augment": "light", "erasing": "yes"}, "as the preset has it again"
    page.button(key="reset").click().run()
    assert shown(page) == on(PRESETS[rule]) and kept(page).settings == {}


def test_strategies_with_other_presets_are_both_told(opened: Workspace, dataset: Dataset) -> None:
    presets = {opened.recipes.make(dataset, name).augment for name in ("fine_tune_all", "frozen_head")}
    assert presets == {"light", "standard"}
    page = train_page("fine_tune_all", "frozen_head")
    assert page.toggle(key=key(page, "crop")).label == "Crop: by preset yes / no"
    assert page.toggle(key=key(page, "flip")).label == "Flip left and right"
    assert any("“Frozen backbone, new head” will see" in each.value.replace("\\", "") for each in page.caption), (
        "whose picture it is"
    )
    switched(page, "crop")
    assert kept(page).settings == {"crop": "no"} and page.toggle(key=key(page, "crop")).label == "Crop"


def test_the_picture_and_its_warnings_follow_the_switches(opened: Workspace, dataset: Dataset) -> None:
    page = train_page("fine_tune_all", augment="light")
    (first,) = opened.jobs.list(kind="augment")
    for _ in opened.jobs.drive(first.id):
        pass
    folder = opened.root / "datasets" / dataset.id
    assert (folder / FILE).read_text() == "[]" and not page.run().warning
    (folder / FILE).write_text(
        '[{"symmetry": "flip", "label": 0, "like": 1, "share": 0.9, "back": 0.8, "images": 10, "images_back": 5}]'
    )
    (warning,) = page.run().warning
    assert "9 of 10 images of 'blue' look like 'green', and 4 of 5 the other way round" in warning.value.replace(
        "\\", ""
    )
    assert any("show them to it: flip left and right, shift." in each.value for each in page.caption)
    switched(page, "flip")
    assert not page.warning and any("Drawing what training" in each.value for each in page.caption)
    again, _ = opened.jobs.list(kind="augment")
    assert again.id != first.id and task_of(again).recipe.augmentation == Augmentation(shift=0.1)  # type: ignore[attr-defined]


def test_without_augmentation_it_is_shown_what_the_network_sees(opened: Workspace, dataset: Dataset) -> None:
    page = train_page("linear_probe")
    assert not page.exception
    assert [job.payload["recipe"]["strategy"] for job in opened.jobs.list(kind="augment")] == ["linear_probe"]
    assert not any((toggle.key or "").startswith("set_") for toggle in page.toggle)
