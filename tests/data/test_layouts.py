"""Layouts as people have them: which classes, splits and unlabelled images each is read as, or what is asked."""

import io
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transfer_core.data.archive import Archive, Member
from transfer_core.data.layout import Layout, plan
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL

NONE = -1
SPLIT = {"train": TRAIN, "val": VAL, "test": TEST}


def archive(files: dict[str, bytes]) -> Archive:
    found = tuple(Member(path=path, size=len(data) or 1, index=i) for i, (path, data) in enumerate(files.items()))
    contents = list(files.values())
    return Archive(members=found, folders=(), read=lambda member: contents[member.index])


def each(folders: str, count: int = 6, ending: str = "jpg", start: int = 1) -> dict[str, bytes]:
    """Images 1.jpg, 2.jpg, ... in each of the folders, which stand with blanks between."""
    return {f"{folder}/{i}.{ending}": b"" for folder in folders.split() for i in range(start, start + count)}


def named(folder: str, *names: str) -> dict[str, bytes]:
    return {f"{folder}/{name}".lstrip("/"): b"" for name in names}


def numbered(form: str, *labels: str, count: int = 6) -> dict[str, bytes]:
    return {form.format(label=label, i=i): b"" for label in labels for i in range(1, count + 1)}


def table(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def parquet(**columns: list[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@dataclass(frozen=True)
class Case:
    """Files and what they are to be read as. `classes`: "cats dogs"; `splits`: images by split."""

    files: dict[str, bytes]
    classes: str
    splits: dict[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    left_out: int = 0
    asks: str = ""  # a part of the question
    others: str = ""  # readings that are offered too, as `--labels` takes them
    labels: str = ""  # told
    says: str = ""  # part of a note


BREEDS = table("id,breed", *(f"{i},{'boston_bull' if i < 4 else 'dingo'}" for i in range(1, 9)))
GROCERY = (
    "Fruit/Apple/Royal-Gala Fruit/Apple/Fuji Fruit/Pear/Conference Packages/Milk/Arla Packages/Milk/Oatly Veg/Leek/Leek"
)
CASES: dict[str, Case] = {
    # --- splits as people write them
    "training_set and test_set": Case(
        each("d/training_set/cats d/training_set/dogs", 12) | each("d/test_set/cats d/test_set/dogs"),
        "cats dogs",
        {"train": 24, "test": 12},
    ),
    "training_set in itself": Case(
        each(
            "training_set/training_set/cats training_set/training_set/dogs "
            "test_set/test_set/cats test_set/test_set/dogs"
        ),
        "cats dogs",
        {"train": 12, "test": 12},
    ),
    "seg_train, seg_test and seg_pred": Case(
        each(
            "seg_train/seg_train/sea seg_train/seg_train/wood "
            "seg_test/seg_test/sea seg_test/seg_test/wood seg_pred/seg_pred"
        ),
        "sea wood",
        {"train": 12, "test": 12},
        unlabelled=6,
    ),
    "the set's name before the split": Case(
        each("flowers_train/rose flowers_train/lily flowers_test/rose flowers_test/lily"),
        "lily rose",
        {"train": 12, "test": 12},
    ),
    "training in training": Case(
        each("training/training/n0 training/training/n1 validation/validation/n0 validation/validation/n1"),
        "n0 n1",
        {"train": 12, "val": 12},
    ),
    "train in train, wrapped": Case(
        each("archive/train/train/a archive/train/train/b archive/test/test/a archive/test/test/b"),
        "a b",
        {"train": 12, "test": 12},
    ),
    "images in the splits": Case(
        each("d/train/images/a d/train/images/b d/valid/images/a d/valid/images/b"), "a b", {"train": 12, "val": 12}
    ),
    "x_train and x_test": Case(each("x_train/a x_train/b x_test/a x_test/b"), "a b", {"train": 12, "test": 12}),
    "TRAIN, VALID, Hold-Out": Case(
        each("TRAIN/a TRAIN/b VALID/a VALID/b Hold-Out/a Hold-Out/b"), "a b", {"train": 12, "val": 12, "test": 12}
    ),
    "dev and eval": Case(each("train/a train/b dev/a dev/b"), "a b", {"train": 12, "val": 12}),
    "years": Case(each("train2017/a train2017/b val2017/a val2017/b"), "a b", {"train": 12, "val": 12}),
    "camel case": Case(each("TrainSet/a TrainSet/b TestSet/a TestSet/b"), "a b", {"train": 12, "test": 12}),
    "joined words": Case(each("traindata/a traindata/b testdata/a testdata/b"), "a b", {"train": 12, "test": 12}),
    "splits below the classes": Case(each("a/train b/train a/test b/test"), "a b", {"train": 12, "test": 12}),
    "images below the classes": Case(
        each("train/n01/images train/n02/images") | each("val/images"), "n01 n02", {"train": 12}, 6
    ),
    "every class name holds a split's word": Case(
        each("blood_test skin_test"), "blood_test skin_test", asks="train, test or val as a word"
    ),
    "toy_train and toy_test without folders": Case(
        each("toy_train toy_test"), "toy_test toy_train", asks="splits or classes"
    ),
    "classes of the field of trains": Case(each("train_station bus car"), "bus car train_station"),
    # --- unlabelled, strays, masks
    "a flat test folder": Case(
        each("train/a train/b test"), "a b", {"train": 12}, unlabelled=6, says="kept for prediction"
    ),
    "unsupervised beside": Case(each("train/a train/b unlabeled"), "a b", {"train": 12}, unlabelled=6),
    "a stray folder of documents": Case(
        each("flowers/rose flowers/lily") | named("docs", "overview.png"), "lily rose", left_out=1
    ),
    "a small folder that may be a class": Case(
        each("ok/cam1 ok/cam2", 60) | each("defect", 3), "cam1 cam2", asks="may be a class", others="folder", left_out=3
    ),
    "that folder as a class": Case(each("ok/cam1 ok/cam2", 60) | each("defect", 3), "defect ok", labels="folder"),
    "masks in annotations": Case(
        numbered("pets/images/{label}_{i}.jpg", "Abyssinian", "beagle")
        | numbered("pets/annotations/trimaps/{label}_{i}.png", "Abyssinian", "beagle"),
        "Abyssinian beagle",
        left_out=1,
    ),
    "masks beside photos": Case(
        {f"{c}/{c} ({i}){m}.png": b"" for c in ("benign", "malignant") for i in range(1, 7) for m in ("", "_mask")},
        "benign malignant",
        left_out=2,
    ),
    "masks in every class": Case(
        each("covid/images covid/masks normal/images normal/masks", ending="png"), "covid normal", left_out=2
    ),
    "with and without a mask are classes": Case(each("mask no_mask"), "mask no_mask"),
    "mirrored segmentations": Case(
        each("CUB/images/001.Gull CUB/images/002.Wren CUB/segmentations/001.Gull CUB/segmentations/002.Wren"),
        "001.Gull 002.Wren",
        left_out=2,
    ),
    # --- nested
    "nested classes": Case(
        {f"{s}/{p}": b"" for s in ("train", "test") for p in each(GROCERY)},
        "Arla Conference Fuji Leek Oatly Royal-Gala",
        {"train": 36, "test": 36},
        others="folder level:2",
        says="Read as: class = deepest folder (6 classes)",
    ),
    "nested classes, the middle": Case(each(GROCERY), "Apple Leek Milk Pear", labels="level:2"),
    "nested classes, the top": Case(each(GROCERY), "Fruit Packages Veg", labels="folder"),
    "deepest folders of one name": Case(
        each("Fruit/Apple Fruit/Other Veg/Leek Veg/Other Veg/Kale"), "Apple Fruit/Other Kale Leek Veg/Other"
    ),
    "letters of an index": Case(each("SUN/a/abbey SUN/a/alley SUN/b/bakery"), "abbey alley bakery"),
    "patients": Case(
        each("IDC/8863/0 IDC/8863/1 IDC/8864/0 IDC/8864/1"), "0 1", asks="repeat under every folder", others="folder"
    ),
    "patients, told": Case(each("IDC/8863/0 IDC/8863/1 IDC/8864/0 IDC/8864/1"), "0 1", labels="leaf"),
    "colour modes": Case(
        each("p/color/rust p/color/scab p/grayscale/rust p/grayscale/scab"), "rust scab", asks="repeat", others="folder"
    ),
    "numbered folders below": Case(
        each("fall/video_1 fall/video_2 walk/video_3 walk/video_4"), "fall walk", asks="are numbered", others="leaf"
    ),
    "folders inside some classes": Case(each("cats/home cats/street dogs"), "cats dogs", others="leaf"),
    # --- file names
    "Oxford pets": Case(
        numbered("images/{label}_{i}.jpg", "Abyssinian", "basset_hound", "Birman"), "Abyssinian basset_hound Birman"
    ),
    "cat.0.jpg": Case(
        numbered("train/{label}.{i}.jpg", "cat", "dog") | each("test1"), "cat dog", {"train": 12}, unlabelled=6
    ),
    "12_kitchen.jpg": Case(numbered("{i}_{label}.jpg", "kitchen", "bath"), "bath kitchen"),
    "brackets": Case(numbered("{label} ({i}).png", "glioma", "none"), "glioma none"),
    "names that may mean nothing": Case(
        {f"{c}_{x}.jpg": b"" for c in ("kitchen", "bath") for x in ("a8", "b7", "c6")},
        "bath kitchen",
        asks="may hold labels",
    ),
    "names, told": Case(
        {f"{c}-{x}.jpg": b"" for c in ("x1", "x2") for x in ("ant", "bee")}, "ant bee", labels=r"name:\w+-(\w+)"
    ),
    # --- tables
    "Dog Breed Identification": Case(
        each("dog/train", 8) | each("dog/test", 3, start=90) | {"dog/labels.csv": BREEDS},
        "boston_bull dingo",
        {"train": 8},
        3,
    ),
    "Hugging Face metadata.csv": Case(
        each("train", 4) | {"train/metadata.csv": table("file_name,label", "1.jpg,a", "2.jpg,b", "3.jpg,a", "4.jpg,b")},
        "a b",
    ),
    "Hugging Face metadata.jsonl, split folders": Case(
        each("train test", 4)
        | {
            f"{s}/metadata.jsonl": table(
                *(json.dumps({"file_name": f"{i}.jpg", "label": "ab"[i % 2]}) for i in range(1, 5))
            )
            for s in ("train", "test")
        },
        "a b",
        {"train": 4, "test": 4},
    ),
    "a table with splits, separated by semicolons": Case(
        each("photos", 4)
        | {"all.csv": table("file;label;split", "1.jpg;a;train", "2.jpg;b;Training", "3.jpg;a;Test", "4.jpg;b;test")},
        "a b",
        {"train": 2, "test": 2},
    ),
    "a table without headers": Case(
        each("p", 4) | {"p.tsv": table("1.jpg\ta", "2.jpg\tb", "3.jpg\ta", "4.jpg\tb")}, "a b"
    ),
    "images at the root with a table": Case(
        named("", "1.jpg", "2.jpg", "3.jpg", "4.jpg") | {"x.csv": table("image,class", "1,a", "2,b", "3,a", "4,b")},
        "a b",
    ),
    "Parquet": Case(
        each("p", 4) | {"t.parquet": parquet(file=["1.jpg", "2.jpg", "3.jpg", "4.jpg"], label=["a", "b", "a", "b"])},
        "a b",
    ),
    "a column a class": Case(
        each("p", 3) | {"t.csv": table("image_id,healthy,rust", "1,1,0", "2,0,1", "3,0,1")}, "healthy rust"
    ),
    "parts and a table": Case(
        each("ham/part_1", 3)
        | each("ham/part_2", 3, start=4)
        | {
            "ham/meta.csv": table(
                "lesion_id,image_id,dx", *(f"L{i // 2},{i},{'nv' if i % 2 else 'mel'}" for i in range(1, 7))
            )
        },
        "mel nv",
    ),
    "a table for the flat test folder": Case(
        each("Train/0 Train/1", 6)
        | each("Test", 4, start=20)
        | {
            "Train.csv": table("ClassId,Path", *(f"{c},Train/{c}/{i}.jpg" for c in "01" for i in range(1, 7))),
            "Test.csv": table("ClassId,Path", *(f"{i % 2},Test/{i}.jpg" for i in range(20, 24))),
        },
        "0 1",
        {"train": 12, "test": 4},
    ),
    "a table that tells other classes than the folders": Case(
        each("cats dogs", 4)
        | {
            "l.csv": table(
                "file,label",
                *(f"{c}/{i}.jpg,{'in' if i < 3 else 'out'}" for c in ("cats", "dogs") for i in range(1, 5)),
            )
        },
        "in out",
        asks="other classes",
        others="folder",
    ),
    # --- names of classes
    "numbers": Case(each("10 9 1 0.5"), "0.5 1 9 10"),
    "case differs between splits": Case(
        each("train/Cat train/Dog test/cat test/dog"),
        "Cat Dog",
        {"train": 12, "test": 12},
        says="'cat' was taken for train's 'Cat'",
    ),
    "plural in train": Case(
        each("train/cats train/dogs val/cat val/dog"), "cats dogs", {"train": 12, "val": 12}, says="'dogs'"
    ),
    "two spellings in one split": Case(each("Cat cat Dog"), "Cat cat Dog", says="case, blanks or dots alone"),
    "a class that begins with a dot": Case(each(".22_LR 9mm"), "9mm .22_LR"),
    # --- layouts of libraries
    "torchvision ImageFolder": Case(each("root/dog root/cat", ending="png"), "cat dog"),
    "Keras cats_and_dogs": Case(
        each(
            "cats_and_dogs_filtered/train/cats cats_and_dogs_filtered/train/dogs cats_and_dogs_filtered/validation/cats"
        )
        | {"cats_and_dogs_filtered/vectorize.py": b""},
        "cats dogs",
        {"train": 12, "val": 6},
        left_out=1,
    ),
    "ImageNet": Case(
        each(
            "ILSVRC/Data/CLS-LOC/train/n01 ILSVRC/Data/CLS-LOC/train/n02 "
            "ILSVRC/Data/CLS-LOC/val ILSVRC/Data/CLS-LOC/test"
        ),
        "n01 n02",
        {"train": 12},
        unlabelled=12,
    ),
    "Tiny ImageNet with a list of val": Case(
        {f"t/train/{c}/images/{c}_{i}.JPEG": b"" for c in ("n01", "n02") for i in range(6)}
        | {f"t/val/images/val_{i}.JPEG": b"" for i in range(4)}
        | {"t/val/val_annotations.txt": table(*(f"val_{i}.JPEG\t{'n01' if i % 2 else 'n02'}\t0\t0" for i in range(4)))}
        | each("t/test/images", 3),
        "n01 n02",
        {"train": 12, "val": 4},
        unlabelled=3,
    ),
    "Food-101": Case(
        each("food-101/images/apple_pie food-101/images/sushi") | {"food-101/meta/classes.txt": b"apple_pie\nsushi"},
        "apple_pie sushi",
        left_out=1,
    ),
    "deep wrapping": Case(each("a/b/c/cats a/b/c/dogs"), "cats dogs"),
}


def read(case: Case) -> Layout:
    return plan(archive(case.files), "photos.zip", labels=case.labels)


@pytest.mark.parametrize("name", CASES)
def test_layout(name: str) -> None:
    case = CASES[name]
    layout = read(case)
    assert " ".join(layout.classes) == case.classes
    splits = Counter(image.split for image in layout.images)
    wanted = {SPLIT[split]: count for split, count in case.splits.items()} or {NONE: len(layout.images)}
    assert splits == wanted
    assert len(layout.unlabelled) == case.unlabelled
    left_out = [problem for problem in layout.problems if problem.kind == "skipped"]
    assert len(left_out) == case.left_out, left_out
    assert (case.asks in layout.asks) and bool(case.asks) == bool(layout.asks)
    assert set(case.others.split()) <= {other.labels for other in layout.others}
    assert case.says in " ".join((layout.read_as, *(problem.reason for problem in layout.problems)))
    if case.asks:
        assert f"--labels {layout.reading.labels}" in layout.question.replace('"', "")
    photos = sum(path.casefold().endswith((".jpg", ".png", ".jpeg")) for path in case.files)
    others = len(case.files) - photos
    told = sum(problem.files for problem in left_out)
    assert len(layout.images) + len(layout.unlabelled) + told in range(photos, photos + others + 1)
    assert not case.asks or not case.labels


REFUSED: dict[str, tuple[dict[str, bytes], str, str]] = {
    "one camera's names": (named("", "IMG_1.jpg", "IMG_2.jpg", "DSC_3.jpg", "DSC_4.jpg"), "", "side by side"),
    "flat splits": (each("train test"), "", "no train folder with class folders"),
    "a table of something else": (each("p") | {"t.csv": table("a,b", "x,y")}, "", "one class only"),
    "images inside Parquet": (
        {"data/train-00000.parquet": parquet(a=["1"])} | named("", "x.jpg"),
        "",
        "side by side",
    ),
    "no such way": (each("a b"), "deepest", "is no way to tell classes"),
    "a pattern without a class": (each("a b"), "name:abc", "names no class"),
    "no such regular expression": (each("a b"), "name:(", "no regular expression"),
    "a table that is not there": (each("a b"), "labels.csv", "is no way"),
    "a level of one folder": (each("x/a x/b"), "level:0", "is no way"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    files, labels, sentence = REFUSED[name]
    with pytest.raises(ArchiveError, match=sentence):
        plan(archive(files), "photos.zip", labels=labels)


def test_a_table_beside_the_source(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(b"\xef\xbb\xbf" + table("file,label,patient", "1.jpg,a,P", "2.jpg,b,P", "3.jpg,a,Q"))
    files = named("", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    for layout in (
        plan(archive(files), "photos", beside=[file]),
        plan(archive(files), "photos", labels=str(file)),
    ):
        assert {image.member.path: (image.label, image.group) for image in layout.images} == {
            "1.jpg": ("a", "P"), "2.jpg": ("b", "P"), "3.jpg": ("a", "Q"),
        }  # fmt: skip
        assert [member.path for member in layout.unlabelled] == ["4.jpg"]


def test_patients_stay_on_one_side() -> None:
    layout = plan(archive(each(" ".join(f"{p}/{c}" for p in range(100, 112) for c in "01"))), "x", labels="leaf")
    assert {image.group for image in layout.images} == {str(p) for p in range(100, 112)}


def test_two_labels_for_one_image_leave_it_out() -> None:
    rows = table("file,label", "1.jpg,a", "1.jpg,b", "2.jpg,a", "3.jpg,b", "9.jpg,b")
    layout = plan(archive(each("p", 3) | {"t.csv": rows}), "x")
    assert [problem.file for problem in layout.problems if problem.kind == "skipped"] == ["p/1.jpg"]
    assert "1 line of the table name no image here, the first '9.jpg'" in " ".join(p.reason for p in layout.problems)


@pytest.mark.parametrize(
    ("labels", "said"),
    [("name:#_{label}", "no image has a label so"), ("level:1", "all of its images are of one class, 'pets'")],
)
def test_a_way_that_tells_no_classes_is_not_replaced_unsaid(labels: str, said: str) -> None:
    files = numbered("pets/{label}_{i}.jpg", "cat", "dog")
    with pytest.raises(ArchiveError, match=rf"'x' has no two classes: {said}\. What does: name:.*2 classes"):
        plan(archive(files), "x", labels=labels)
