"""The picker's words and tables."""

from dataclasses import replace

import pytest

from components.kit.backbone_picker import download_note, facts, figures, matching, offline_badge, short_list, table
from components.kit.text import NARROW
from transfer_core.backbones import BACKBONES, backbone

RESNET = replace(
    backbone("resnet18"), operations=1.814, file_bytes=46_830_571, family="ResNet", licence="BSD", curated="balanced"
)
BUNDLED, SQUEEZE = backbone("bundled"), replace(backbone("squeezenet1_1"), family="SqueezeNet", curated="")
SOME = (SQUEEZE, RESNET, BUNDLED)


def test_facts_are_words_with_their_units() -> None:
    percent = f"{100 * (RESNET.top1 or 0):.1f}{NARROW}%"
    assert facts(RESNET) == (
        "11.7 M parameters",
        "1.8 G multiply-adds an image",
        f"{percent} top-1 on ImageNet",
        "224 px input",
        f"47{NARROW}MB file",
        "BSD",
    )
    assert "trained on pears" in facts(replace(RESNET, top1=None, source="pears"))


def test_every_backbone_has_facts_and_a_way_out_without_a_network() -> None:
    assert [known.name for known in BACKBONES if not all(facts(known))] == []
    assert [each.name for each in BACKBONES if (each.package or each.file) not in download_note(each)] == []


def test_a_download_says_its_size() -> None:
    assert offline_badge(RESNET, True) == "Works offline"
    assert offline_badge(RESNET, False) == f"Needs a download of 47{NARROW}MB"
    note = download_note(RESNET)
    for part in ("ResNet-18", f"47{NARROW}MB", "TORCH_HOME", RESNET.file, "bundled"):
        assert part in note


def test_the_short_list_begins_with_what_is_bundled() -> None:
    assert [known.name for known, _ in short_list(SOME)] == ["bundled", "resnet18"]
    assert all(words for _, words in short_list(SOME))


@pytest.mark.parametrize(
    ("words", "found"),
    [("", 3), ("SQUEEZE", 1), ("net 1.1", 1), ("resnet bsd", 1), ("  bundled ", 1), ("resnet squeeze", 0), ("[", 0)],
)
def test_the_filter_takes_all_words_in_any_case(words: str, found: int) -> None:
    assert len(matching(SOME, words)) == found


def test_the_table_has_a_row_for_each_and_the_speed_where_it_is_known() -> None:
    offline = {"bundled": True, "resnet18": False, "squeezenet1_1": False}
    shown = table(SOME, offline, {(RESNET.arch, RESNET.input_px): 123.4, (BUNDLED.arch, 17): 9.0})
    assert {len(column) for column in shown.values()} == {3}
    assert shown["Speed here"] == [None, 123.4, None]
    assert shown["Offline"] == [False, False, True]


@pytest.mark.parametrize(
    ("number", "shown"), [(1237.4, "1,240"), (600.2, "600"), (57.3, "57"), (7.94, "7.9"), (0.057, "0.057")]
)
def test_numbers_have_two_or_three_figures(number: float, shown: str) -> None:
    assert figures(number) == shown
