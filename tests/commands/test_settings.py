"""Settings and disk on the command line."""

from pathlib import Path

from tests.commands.asked import graft, words


def test_settings_are_shown_set_and_followed(root: Path) -> None:
    first = graft("settings", root=root)
    assert first["first_model"] is True and first["backbone"] is None and first["default_backbone"]
    said = words("settings", "--backbone", "resnet18", "--first-model", "no", root=root)
    assert said.splitlines() == ["backbone     resnet18", "first model  no", "resume       no"]
    listed = graft("backbones", root=root)["backbones"]
    assert listed[0]["name"] == "resnet18"
    assert "no_such_net" in graft("settings", "--backbone", "no_such_net", root=root, code=2)
    again = graft("settings", "--backbone", "auto", root=root)
    assert again == first | {"first_model": False}


def test_the_disk_is_shown_and_freed(root: Path) -> None:
    (root / "features").mkdir(exist_ok=True)
    (root / "features" / "another-0.npz").write_bytes(b"x" * 2_000)
    shown = {each["kind"]: each for each in graft("disk", root=root)["usage"]}
    assert shown["images"]["files"] > 0 and shown["features"]["bytes"] >= 2_000
    freed = graft("disk", "--free", "features", root=root)
    assert [each["bytes"] for each in freed["freed"]] == [shown["features"]["bytes"]]
    assert "features" not in {each["kind"] for each in freed["usage"]}
    assert "are free on this disk." in words("disk", root=root)
