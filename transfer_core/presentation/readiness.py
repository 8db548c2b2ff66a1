"""What an import came to, in sentences: whether all is well, how even the classes are, where the splits come from."""

from collections import Counter

from transfer_core.data.checks import MOST_OF_A_KIND, Profile
from transfer_core.types import SPLITS, TEST, TRAIN, VAL, Dataset
from transfer_core.words import count, listed, some

EVEN = 1.5  # largest class to smallest, in train: below it they count as balanced
LOPSIDED = 3.0  # from here on a model may do well by the large classes alone
WRONG = {  # kinds of problem that somebody should look at, and how many there are in words
    "skipped": ("file left out", "files left out"),
    "conflict": ("picture with two labels", "pictures with two labels"),
    "leak": ("picture in several splits", "pictures in several splits"),
    "small": ("class too small", "classes too small"),
    "shortcut": ("class told by its files alone", "classes told by their files alone"),
    "look": ("thing to see in the files", "things to see in the files"),
}
SPLIT_BY = {
    "archive": "These splits are your own.",
    "archive, val cut from train": "Train and test are your own; Graft took the validation images out of train.",
    "archive, test cut from train": "Train and validation are your own; Graft took the test images out of train.",
    "seed": "Graft split them at random, by seed, and kept near-duplicates together.",
}


def is_lopsided(profile: Profile) -> bool:
    return profile.imbalance >= LOPSIDED


def ready(dataset: Dataset, profile: Profile) -> str:
    """ "Ready: 2,062 images, 10 classes, balanced, nothing wrong." """
    found = wrong(dataset)
    parts = [some(len(dataset), "image"), f"{len(dataset.classes)} classes", balance(profile)]
    return f"Ready: {', '.join(parts)}, " + (f"but {listed(found)}." if found else "nothing wrong.")


def wrong(dataset: Dataset) -> list[str]:
    """["14 files left out", "1 picture with two labels"]: what there is to look at, the gravest first."""
    kinds = Counter[str](problem.kind for problem in dataset.problems)
    files = sum(problem.files for problem in dataset.problems if problem.kind == "skipped")
    said = []
    for kind, (one, many) in WRONG.items():
        number = files if kind == "skipped" else kinds[kind]
        more = kind != "skipped" and number > MOST_OF_A_KIND  # the last of them stands for all the rest
        if number:
            said.append(f"{'over ' * more}{count(number - more)} {one if number == 1 else many}")
    return said


def balance(profile: Profile) -> str:
    """How even the classes are, in train: "balanced", "lopsided (12 to 1)" """
    if profile.imbalance < EVEN:
        return "balanced"
    return f"{'lopsided' if is_lopsided(profile) else 'uneven'} ({profile.imbalance:.1f} to 1)".replace(".0 to", " to")


def a_class(profile: Profile) -> str:
    """ "122 to 128 training images a class" """
    train = [row[TRAIN] for row in profile.counts]
    least, most = min(train), max(train)
    return f"{count(least)}{f' to {count(most)}' if most > least else ''} training images a class"


def splits(dataset: Dataset) -> str:
    """How many images are for what, and who split them."""
    parts = [
        f"{count(dataset.count(split))} to {what}"
        for split, what in ((TRAIN, "train on"), (VAL, "validate"), (TEST, "test"))
    ]
    return f"{listed(parts)}. {SPLIT_BY[dataset.splits_from]}"


def split_name(split: int) -> str:
    """For a caption under an image: "train", "validation", "test" """
    return {VAL: "validation"}.get(split, SPLITS[split])
