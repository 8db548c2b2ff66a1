"""The names that tell runs apart."""

from dataclasses import replace

from transfer_core.compare.titles import titles
from transfer_core.types import Recipe


def test_titles_tell_runs_apart_by_what_differs() -> None:
    def made(strategy: str, **fields: object) -> Recipe:
        return Recipe(dataset="d", backbone="b", weights="w", version=1, strategy=strategy, **fields)  # type: ignore[arg-type]

    recipes = {"1": made("probe"), "2": made("svm", tap="early"), "3": made("svm", tap="late"), "4": made("probe")}
    recipes["5"] = made("svm", tap="late", seed=3)
    assert titles(recipes, {"probe": "Probe", "svm": "SVM"}, {}) == {
        "1": "Probe",
        "2": "SVM, tap early",
        "3": "SVM, tap late, seed 0",
        "4": "Probe (2)",
        "5": "SVM, tap late, seed 3",
    }
    near = {"1": made("probe", lr=0.003), "2": made("probe", lr=0.0030000001)}
    assert len(set(titles(near, {"probe": "Probe"}, {}).values())) == 2
    other = {
        "1": made("probe"),
        "2": replace(made("probe"), backbone="own"),
        "3": replace(made("probe"), backbone="gone"),
    }
    named = titles(other, {"probe": "Probe"}, {"b": "ResNet-18", "own": "Leaves"})
    assert list(named.values()) == ["Probe, ResNet-18", "Probe, Leaves", "Probe, gone"]
