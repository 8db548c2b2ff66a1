"""What the picture says is frozen is what training freezes; its words and its HTML."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.train.backbone_picture import Row, drawing, parts, sentence
from tests.sweeping import sweep
from transfer_core.backbones import BACKBONES, backbone
from transfer_core.backbones.taps import Network, freeze
from transfer_core.backbones.torchvision import load
from transfer_core.strategies import STRATEGIES, recipe, strategy
from transfer_core.strategies.definition import Stage
from transfer_core.types import AUTO, HEAD, Dataset, Recipe

NUMBERS = np.arange(90)
DATASET = Dataset(
    id="d",
    name="d",
    classes=("a", "b", "c"),
    paths=tuple(map(str, NUMBERS)),
    files=tuple(map(str, NUMBERS)),
    labels=NUMBERS % 3,
    splits=NUMBERS % 2,
    groups=NUMBERS,
    widths=NUMBERS,
    heights=NUMBERS,
)
LETTERS = {"frozen": "f", "trained": "t", "random": "r", "unused": "-"}


def made(name: str, backbone_name: str) -> Recipe:
    """A strategy's recipe by rule, "linear_svm@stage3" with a tap."""
    strategy_name, _, tap = name.partition("@")
    return recipe(DATASET, strategy_name, backbone(backbone_name), **({"tap": tap} if tap else {}))


def stages_of(name: str, backbone_name: str) -> tuple[Stage, ...]:
    return strategy(name.partition("@")[0]).stages(made(name, backbone_name), backbone(backbone_name))


def letters(name: str, backbone_name: str) -> list[str]:
    """A word for each stage: a letter for each block and the head, * where features are taken."""
    stages = stages_of(name, backbone_name)
    found = parts(backbone(backbone_name), stages)
    return [
        "".join(LETTERS[part.state] + "*" * part.tapped for part in found if part.stage == number)
        for number in range(len(stages))
    ]


@pytest.mark.parametrize(
    ("name", "backbone_name", "expected"),
    [
        ("linear_probe", "resnet18", ["fffff*t"]),
        ("linear_svm", "resnet18", ["f*f*f*f*f*t"]),
        ("linear_svm@stage3", "resnet18", ["ffff*-t"]),
        ("all_layers", "resnet18", ["f*f*f*f*f*t"]),
        ("gradual", "resnet18", ["fffff*t", "fffftt", "ffftt" + "t", "fftttt", "tttttt"]),
        ("fine_tune_top", "resnet18", ["fffff*t", "ffftt" + "t"]),
        ("fine_tune_all", "resnet18", ["fffff*t", "tttttt"]),
        ("from_scratch", "resnet18", ["rrrrrt"]),
        ("linear_probe", "squeezenet1_1", ["fffffffff*t"]),
        ("linear_svm@fire5", "squeezenet1_1", ["ffffff*---t"]),
        ("from_scratch", "squeezenet1_1", ["rrrrrrrrrt"]),
    ],
)
def test_parts_of_known_strategies(name: str, backbone_name: str, expected: list[str]) -> None:
    assert letters(name, backbone_name) == expected


@cache
def cut(backbone_name: str, tap: str) -> Network:
    """Freezing it again frees what was frozen, so one serves all strategies."""
    known = backbone(backbone_name)
    return Network(load(known, random_init=True), known, 3, taps=[tap] if tap else [])


def check_frozen(name: str, backbone_name: str) -> None:
    known, wanted = backbone(backbone_name), made(name, backbone_name)
    stages = strategy(name).stages(wanted, known)
    network = cut(backbone_name, wanted.tap if wanted.tap in known.tap_names else "")
    own = {parameter for parameter, _ in network.trunk.named_parameters()}
    for number, stage in enumerate(stages):
        freeze(network, stage.train_from)
        free = {
            known.taps[network.stages[p]].name for p, values in network.trunk.named_parameters() if values.requires_grad
        }
        used = {known.taps[at].name for p, at in network.stages.items() if p in own}
        drawn = [part for part in parts(known, stages) if part.stage == number]
        with_weights = [part for part in drawn if part.name in used]
        assert {part.name for part in with_weights if part.state in ("trained", "random")} == free
        assert {part.name for part in drawn if part.state == "unused"}.isdisjoint(used)
        assert [part.name for part in drawn] == [*known.tap_names, HEAD]
        assert drawn[-1].state == "trained", "the head always trains"
        several = stage.solver == "strongest" or stage.tap == AUTO
        assert sum(part.tapped for part in drawn) == (len(known.taps) if several else stage.solver != "gradient")
        strip = drawing(known, [Row(strategy=name, title=name, stages=(stage,))]).split('class="legend"')[0]
        assert strip.count('class="tap"') == sum(part.tapped for part in drawn)


def test_what_is_drawn_as_frozen_is_what_training_freezes() -> None:
    names = [known.name for known in STRATEGIES if not known.network]
    sweep(check_frozen, list(product(names, ("bundled", "squeezenet1_1", "resnet18"))))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("linear_probe", "stem to stage 4 frozen; a new linear classifier on stage 4 trains"),
        ("linear_svm@stage3", "stem to stage 3 frozen; a new linear SVM on stage 3 trains; stage 4 not used"),
        (
            "linear_svm",
            "stem to stage 4 frozen; a new linear SVM on the one of them that tells the classes apart best trains",
        ),
        (
            "fine_tune_top",
            "first, stem to stage 4 frozen; a new linear classifier on stage 4 trains. "
            "Then, stem to stage 2 frozen; stage 3 to stage 4 and the head train",
        ),
        ("from_scratch", "the whole network trains, from random weights"),
    ],
)
def test_the_sentence_says_the_same(name: str, says: str) -> None:
    known = backbone("resnet18")
    assert sentence(known, stages_of(name, "resnet18")) == says


def test_the_drawing_speaks_and_escapes() -> None:
    known = replace(backbone("resnet18"), title='<img src="x">')
    stages = stages_of("linear_svm@stage3", "resnet18")
    html = drawing(known, [Row(strategy="linear_svm", title="<b>SVM", stages=stages)])
    assert "<img" not in html and "<b>SVM" not in html
    assert "a new linear SVM on stage 3 trains" in html.split("aria-label=")[1].split(">")[0]
    assert "Then" not in html and "from random" not in html, "the legend names only what is drawn"


def test_every_backbone_is_drawn_with_every_strategy() -> None:
    for known in BACKBONES:
        rows = [
            Row(strategy=one.name, title=one.title, stages=one.stages(recipe(DATASET, one.name, known), known))
            for one in STRATEGIES
            if not one.network
        ]
        html = drawing(known, rows)
        blocks = html.count('<i class="block')
        assert blocks == len(known.taps) + 2, f"{known.name}: the input, the blocks, the head"
        short = [named.split("</b>")[0] for named in html.split('<p class="name')[1:]]
        names = {words.rpartition("<b>")[2] for words in short}
        assert len(names) == len(short), f"{known.name}: no two blocks have one name"


def _page() -> None:
    from components.train.backbone_picture import backbone_picture
    from transfer_core.backbones import backbone

    backbone_picture(backbone("bundled"), [], key="picture")


def test_it_mounts_without_a_strategy() -> None:
    assert not AppTest.from_function(_page).run().exception
