"""What either approach reaches, by the images it learned from."""

from tests.compare.made import dataset, predictions, run
from transfer_core.compare.comparison import compared


def test_folds_keep_out_of_what_either_approach_reaches() -> None:
    data = dataset(40)
    data.splits[:30] = 0
    folded = run("fold", folds=3, val_accuracy=0.5, test_accuracy=0.5)
    kept = {"fold": predictions([True] * 4 + [False] * 6, 5)}
    found = compared([folded], kept, data, {"fold": "Fold"}, known=[run("own", test_accuracy=0.4)])
    assert found.approaches[0].by_images == () and found.train_images == (20,)


def test_the_two_approaches_show_the_run_that_the_verdict_takes_and_fewer_images() -> None:
    runs = [
        run("promised more", val_accuracy=0.7, test_accuracy=0.5, seconds=900.0),
        run("better", val_accuracy=0.6, test_accuracy=0.4, tap="early"),
        run("few", val_accuracy=0.3, test_accuracy=0.2, per_class=2),
    ]
    data = dataset(10)
    data.splits[:6] = 0
    kept = {each.id: predictions([True] * 4, 6) for each in runs}
    found = compared(runs[:2], kept, data, {each.id: each.id for each in runs}, known=runs)
    extraction, tuning = found.approaches
    assert extraction.run == found.verdict.choice == "better" and tuning.run is None and tuning.by_images == ()
    assert [(at.images, at.accuracy.value, at.run) for at in extraction.by_images] == [
        (2, 0.2, "few"),
        (6, 0.4, "better"),
    ]
    assert extraction.by_images[1].accuracy.low < 0.4 < extraction.by_images[1].accuracy.high
