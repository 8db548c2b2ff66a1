"""What the name of a folder says of a split: train, Training, seg_train, train2017, valid, dev, holdout, unlabelled."""

import re
from dataclasses import dataclass
from functools import lru_cache

from transfer_core.types import TEST, TRAIN, VAL

NO_SPLIT = -1
UNLABELLED = -2  # a folder of images to predict
WORDS = {
    **dict.fromkeys(("train", "training", "trn", "tr"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "evaluation"), VAL),
    **dict.fromkeys(("test", "testing", "tst", "holdout"), TEST),
    **dict.fromkeys(("unlabelled", "unlabeled", "unlabel", "unsup", "unsupervised", "nolabel"), UNLABELLED),
    **dict.fromkeys(("pred", "predict", "prediction", "predictions", "inference", "submission"), UNLABELLED),
}
ALONE = {"tr", "dev", "eval", "evaluation"}  # beside other words they mean something else as often
FILLERS = {  # words that say no more than that something lies in the folder
    *("set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "picture", "pictures", "photo"),
    *("photos", "jpg", "jpeg", "jpegs", "jpegimages", "png", "pngs", "folder", "dir", "split", "subset", "sample"),
    *("samples", "x", "the", "my", "new", "final", "orig", "original", "originals", "full", "all", "raw", "rgb"),
    *("labelled", "labeled", "classes", "class", "part", "crop", "crops", "cropped", "resized", "input", "inputs"),
    *("files", "archive", "batch", "group", "to", "augmented", "processed", "preprocessed", "clean", "cleaned"),
}
MAYBE = re.compile("tr|val|dev|te?st|hold|label|sup|pred|infer|submi")  # part of every name that means a split
PIECES = re.compile(r"[a-z]+|[0-9]+|[^\W\d_]+")
HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
JOINED = re.compile(r"(train|training|test|testing|val|valid|validation|dev|eval)(set|data|images|imgs|folder|dir)|"
                    r"(set|data|images|imgs)(train|test|val|valid)|(un)(labelled|labeled)(images|data)")  # fmt: skip


@dataclass(frozen=True)
class SplitName:
    """What a name says: a split, or NO_SPLIT; and the words that it has beside, in their order."""

    split: int
    beside: tuple[str, ...]

    @property
    def sure(self) -> bool:
        return self.split != NO_SPLIT and not self.beside


@lru_cache(maxsize=1 << 16)
def read(name: str) -> SplitName:
    """The split that a folder's name means. A name with two different splits in it means none."""
    if not MAYBE.search(name.casefold()):
        return SplitName(NO_SPLIT, (name,))
    words: list[str] = []
    for word in PIECES.findall(HUMPS.sub(" ", name.strip()[:200]).casefold().replace("hold-out", "holdout")):
        joined = JOINED.fullmatch(word)
        if joined:
            words += [part for part in joined.groups() if part] if not joined[5] else ["unlabelled"]
        else:
            words.append(word)
    text = " ".join(words).replace("hold out", "holdout").replace("un labelled", "unlabelled")
    words = text.replace("un labeled", "unlabelled").replace("no label", "nolabel").split()
    beside = tuple(word for word in words if word not in WORDS and word not in FILLERS and not word.isdecimal())
    splits = {WORDS[word] for word in words if word in WORDS and not (beside and word in ALONE)}
    if len(splits) != 1:
        return SplitName(NO_SPLIT, tuple(words))
    return SplitName(splits.pop(), beside)


def is_filler(name: str) -> bool:
    """Whether a folder's name says only that there are images: 'images', 'data 2', 'JPEGImages', 'resized'."""
    words = PIECES.findall(HUMPS.sub(" ", name.strip()[:200]).casefold())
    return bool(words) and all(word in FILLERS or word.isdecimal() for word in words) and not name.strip().isdecimal()
