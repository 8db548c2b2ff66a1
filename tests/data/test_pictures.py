"""Every kind of file that people have becomes the picture that it shows, or is refused by what it is."""

import io
import warnings
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.kinds_of_files import COLOUR, DEEP, KINDS, REFUSED, SCENE, SHADES, dicom, profile, saved, tiff
from transfer_core.data.archive import Member
from transfer_core.data.decoding import Decoders, Shape
from transfer_core.data.pictures import may_be_image
from transfer_core.data.pixels import decode, square
from transfer_core.errors import ImageError
from transfer_core.types import FIRST_RULES, NEWEST, Rendering

THERE = {name: kind for name, kind in KINDS.items() if kind.there}
NOT_READ = {name: file for name, file in REFUSED.items() if not file.lacks or find_spec(file.lacks) is None}


@pytest.mark.parametrize("name", KINDS)
def test_becomes_the_picture_that_it_shows(name: str) -> None:
    kind = KINDS[name]
    if not kind.there:
        pytest.skip(f"{kind.needs} is not installed")
    found = decode(io.BytesIO(kind.make()))
    assert (found.image.mode, found.width, found.height) == ("RGB", 64, 48)
    off = np.abs(np.asarray(found.image).astype(int) - kind.right).mean((0, 1))
    assert off.max() <= kind.within, off


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_by_what_it_is(name: str) -> None:
    if name not in NOT_READ:
        pytest.skip(f"{REFUSED[name].lacks} is installed")
    with pytest.raises(ImageError, match=REFUSED[name].says) as refused:
        decode(io.BytesIO(REFUSED[name].make()))
    assert str(refused.value).endswith(".") and "PIL" not in str(refused.value)


def test_a_child_process_decodes_them_all_alike(tmp_path: Path) -> None:
    shapes = [
        Shape(resize_px=40, crop_px=32, fit="crop"),
        Shape(resize_px=32, crop_px=32, fit="pad", rendering=Rendering(rules=2, integers=(9e3, 5e4), ground=0)),
    ]
    asked = []
    for number, (name, file) in enumerate({**THERE, **NOT_READ}.items()):
        path = tmp_path / f"{number}"
        path.write_bytes(file.make())
        asked.append((path, Member(path=name, size=0, index=0)))
    decoders = Decoders(1)
    with closing(decoders), closing(decoders.looks(asked, shapes, thumbnail_px=0)) as looks:
        for (path, member), look in zip(asked, looks, strict=True):
            if member.path in NOT_READ:
                with pytest.raises(ImageError) as refused, warnings.catch_warnings(action="ignore"):
                    decode(path)
                assert look.error == str(refused.value), member.path
                continue
            assert not look.error, (member.path, look.error)
            for shape, found in zip(shapes, look.squares, strict=True):
                here = square(path, shape.rendering, resize_px=shape.resize_px, crop_px=32, fit=shape.fit)
                assert (found == here).all(), member.path


@pytest.mark.parametrize("name", ["jpeg", "webp transparent", "png", "tiff 16 bits grey", "tiff floats"])
def test_datasets_of_an_earlier_graft_are_read_as_they_were(name: str) -> None:
    found = decode(io.BytesIO(KINDS[name].make()), FIRST_RULES)
    assert (np.asarray(found.image) == np.asarray(decode(io.BytesIO(KINDS[name].make())).image)).all()


def test_datasets_of_an_earlier_graft_know_no_profiles() -> None:
    data = saved(COLOUR, "PNG", icc_profile=profile(swapped=True))
    assert (np.asarray(decode(io.BytesIO(data), FIRST_RULES).image) == SCENE).all()
    assert (np.asarray(decode(io.BytesIO(data)).image) != SCENE).any()


def test_a_wide_gamut_is_brought_over() -> None:
    green = Image.new("RGB", (8, 8), (120, 200, 120))
    seen = np.asarray(decode(io.BytesIO(saved(green, "PNG", icc_profile=profile(wide=True)))).image)[0, 0]
    assert abs(seen.astype(int) - (88, 203, 114)).max() <= 4, seen  # what a colour-managed viewer shows


def test_the_scale_of_the_dataset_counts_for_what_is_deep_and_for_nothing_else() -> None:
    data = saved(Image.fromarray(DEEP), "PNG")
    wide = decode(io.BytesIO(data), Rendering(rules=2, integers=(0, 131070)))
    assert np.abs(np.asarray(wide.image)[..., 0].astype(int) - SHADES / 2).max() <= 1
    flat = saved(COLOUR, "PNG")
    assert (np.asarray(decode(io.BytesIO(flat), Rendering(rules=2, integers=(0, 9))).image) == SCENE).all()


def test_which_bands_are_shown_is_a_choice() -> None:
    bands = np.stack([SCENE[..., each] for each in (2, 2, 0, 1)], -1)
    data = tiff(bands, extra=(0,))
    seen = decode(io.BytesIO(data), Rendering(rules=2, bands=(3, 4, 1)))
    assert (np.asarray(seen.image) == SCENE).all() and seen.bands == 4
    with pytest.raises(ImageError, match="has 4 bands, so it has no band 7"):
        decode(io.BytesIO(data), Rendering(rules=2, bands=(7, 1, 2)))


@pytest.mark.parametrize(
    ("name", "may"),
    [
        *((name, True) for name in ("a.jpg", "A.JFIF", "a.jpeg_large", "a.jpg?itok=x", "photo", "a.jpg ", "a.jpg.1")),
        *((name, True) for name in ("x/b.heic", "b.dcm", "b.ppm", "1.2.840.10008", "a.data")),
        *((name, False) for name in ("a.txt", "labels.csv", ".DS_Store", "README", "x/a.zip", "a.mp4", "", "a.PDF")),
    ],
)
def test_names_only_tell_what_is_surely_no_image(name: str, may: bool) -> None:
    assert may_be_image(name) == may


@pytest.mark.skipif(not KINDS["dicom in colour"].there, reason="pydicom is not installed")
def test_a_dicom_window_cuts_what_lies_outside() -> None:
    values = np.tile(np.arange(64, dtype=np.uint16) * 100, (48, 1))
    seen = np.asarray(decode(io.BytesIO(dicom(values, WindowCenter=3000, WindowWidth=1000))).image)[0, :, 0]
    assert (seen[:25] == 0).all() and (seen[36:] == 255).all() and 0 < seen[30] < 255


def test_nothing_deep_warns() -> None:
    values = np.full((48, 64), 0.5, np.float32)
    values[0, :3] = np.nan, np.inf, -3.4e38
    for rendering in (NEWEST, Rendering(rules=2, floats=(0, 1))):
        seen = decode(io.BytesIO(tiff(values, photometric=1)), rendering)
        assert seen.image.size == (64, 48)
