"""Files as people have them, one of each kind, all of the same picture; and what is no image."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

WIDTH, HEIGHT = 64, 48
HEIF, DICOM = "pillow_heif", "pydicom"
Pixels = NDArray[Any]


def _scene() -> Pixels:
    """A picture that no turn, mirror, or exchange of colours leaves as it is: (H, W, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    red, green, blue = 40 + 3 * x, 215 - 3.2 * y, 60 + x + 0.8 * y
    return np.stack([red, green, blue], -1).clip(0, 255).astype(np.uint8)


SCENE = _scene()
COLOUR = Image.fromarray(SCENE)
GREY = COLOUR.convert("L")
SHADES = np.asarray(GREY)  # (H, W)
ON_WHITE = np.where(np.arange(WIDTH)[None, :, None] < 32, 255, SCENE).astype(np.uint8)  # the left half is transparent
MASK = Image.fromarray(np.where(np.arange(WIDTH) < 32, 0, 255).astype(np.uint8)[None].repeat(HEIGHT, 0))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A file that becomes the scene, in colour, in grey or half of it on white."""

    make: Callable[[], bytes]
    like: str = "colour"  # "colour", "grey", "half"
    within: float = 3.0  # levels, on average
    needs: str = ""  # a package that reads it

    @property
    def there(self) -> bool:
        return not self.needs or find_spec(self.needs) is not None

    @property
    def right(self) -> Pixels:
        """(H, W, 3)"""
        return {"colour": SCENE, "grey": np.repeat(SHADES[..., None], 3, 2), "half": ON_WHITE}[self.like]


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def turned(orientation: int, kind: str, **how: Any) -> bytes:
    """The scene, stored turned, with the EXIF tag that says how to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    return saved(COLOUR.transpose(Image.Transpose(back[orientation])), kind, exif=exif, **how)


def profile(*, swapped: bool = False, wide: bool = False) -> bytes:
    """sRGB's own colour profile; `swapped`: with red and green exchanged, `wide`: with the primaries of Display P3."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", icc[128:132])[0]
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2920, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for entry in range(132, 132 + 12 * count, 12):
        tag, at, _ = struct.unpack(">4sII", icc[entry : entry + 12])
        if swapped and tag in (b"rXYZ", b"gXYZ"):
            icc[entry : entry + 4] = b"gXYZ" if tag == b"rXYZ" else b"rXYZ"
        if wide and tag in primaries:
            icc[at + 8 : at + 20] = struct.pack(">3i", *(round(each * 65536) for each in primaries[tag]))
    return bytes(icc)


def swapped() -> Image.Image:
    """The scene with red and green exchanged, as a file with such a profile holds it."""
    return Image.fromarray(SCENE[..., [1, 0, 2]])


def tiff(
    values: Pixels,
    *,
    order: str = "<",
    photometric: int = 2,
    extra: tuple[int, ...] = (),
    compression: int = 1,
    predictor: int = 1,
    planar: bool = False,
    tile: int = 0,
    rows: int = 16,
    no_data: str = "",
    turn: int = 1,
) -> bytes:
    """A TIFF of (H, W) or (H, W, bands), which Pillow would not write."""
    values = values if values.ndim == 3 else values[..., None]
    height, width, bands = values.shape
    kind, depth = {"u": 1, "i": 2, "f": 3}[values.dtype.kind], values.dtype.itemsize
    planes = [values[..., band : band + 1] for band in range(bands)] if planar else [values]
    parts: list[bytes] = []
    for plane in planes:
        if tile:
            padded = np.zeros((-(-height // tile) * tile, -(-width // tile) * tile, plane.shape[2]), plane.dtype)
            padded[:height, :width] = plane
            tops, lefts = range(0, height, tile), range(0, width, tile)
            cuts = [padded[top : top + tile, left : left + tile] for top in tops for left in lefts]
        else:
            cuts = [plane[top : top + rows] for top in range(0, height, rows)]
        parts += [_packed(cut, order, compression, predictor) for cut in cuts]
    entries: list[tuple[int, str, Sequence[int] | bytes]] = [
        (256, "I", [width]), (257, "I", [height]), (258, "H", [8 * depth] * bands), (259, "H", [compression]),
        (262, "H", [photometric]), (274, "H", [turn]), (277, "H", [bands]),
        (284, "H", [2 if planar else 1]), (317, "H", [predictor]), (339, "H", [kind] * bands),
    ]  # fmt: skip
    starts, sizes = (324, 325) if tile else (273, 279)
    entries += [(322, "H", [tile]), (323, "H", [tile])] if tile else [(278, "I", [rows])]
    entries += [(338, "H", extra)] if extra else []
    entries += [(42113, "s", no_data.encode() + b"\0")] if no_data else []
    data, ends = b"".join(parts), np.cumsum([0, *map(len, parts)])
    entries += [(sizes, "I", [len(part) for part in parts]), (starts, "I", [int(end) + 8 for end in ends[:-1]])]
    body, extras = b"", b""
    place = 8 + len(data) + len(data) % 2
    behind = place + 2 + 12 * len(entries) + 4
    for tag, letter, numbers in sorted(entries):
        raw = numbers if isinstance(numbers, bytes) else struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        body += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4, "s": 2}[letter], len(numbers))
        if len(raw) <= 4:
            body += raw.ljust(4, b"\0")
        else:
            body += struct.pack(f"{order}I", behind + len(extras))
            extras += raw + b"\0" * (len(raw) % 2)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, place)
    directory = struct.pack(f"{order}H", len(entries)) + body + struct.pack(f"{order}I", 0)
    return head + data + b"\0" * (len(data) % 2) + directory + extras


def _packed(values: Pixels, order: str, compression: int, predictor: int) -> bytes:
    if predictor == 2:
        values = np.diff(values, axis=1, prepend=np.zeros_like(values[:, :1]))
    raw = values.astype(values.dtype.newbyteorder(order)).tobytes()
    if predictor == 3:
        size = values.dtype.itemsize
        lines = values.astype(values.dtype.newbyteorder(">")).reshape(len(values), -1)
        planes = lines.view(np.uint8).reshape(len(values), -1, size).transpose(0, 2, 1).reshape(len(values), -1)
        many = values.shape[2]
        lines8 = planes.reshape(len(values), -1, many)
        raw = np.diff(lines8, axis=1, prepend=np.zeros_like(lines8[:, :1])).astype(np.uint8).tobytes()
    return zlib.compress(raw) if compression == 8 else raw


def deep_png(values: Pixels) -> bytes:
    """A PNG of 16 bits, (H, W, 1 to 4)."""
    height, width, bands = values.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def interlaced_png() -> bytes:
    """The scene in Adam7's seven passes."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    lines = b"".join(
        b"\0" + line.tobytes() for top, left, down, across in passes for line in SCENE[top::down, left::across]
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def dicom(values: Pixels, *, frames: int = 1, **tags: Any) -> bytes:
    """A DICOM file of (H, W) uint16 or int16, or (H, W, 3) uint8."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.Rows, found.Columns, found.SamplesPerPixel = *values.shape[:2], 1 if values.ndim == 2 else 3
    found.BitsAllocated = found.BitsStored = 8 * values.dtype.itemsize
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(values.dtype.kind == "i")
    found.PhotometricInterpretation = "MONOCHROME2" if values.ndim == 2 else "RGB"
    if values.ndim == 3:
        found.PlanarConfiguration = 0
    if frames > 1:
        found.NumberOfFrames = frames
    found.PixelData = values.tobytes() * frames
    for name, value in tags.items():
        setattr(found, name, value)
    out = io.BytesIO()
    pydicom.dcmwrite(out, found, enforce_file_format=True)
    return out.getvalue()


def heic(image: Image.Image, **how: Any) -> bytes:
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=95, **how)
    return out.getvalue()


def _palette(**how: Any) -> Image.Image:
    return COLOUR.quantize(256, **how)


def _clear() -> Image.Image:
    found = COLOUR.copy()
    found.putalpha(MASK)
    return found


def _clear_palette() -> bytes:
    image = _palette().copy()
    values = np.asarray(image).copy()
    values[values == 255] = 254
    values[:, :32] = 255
    image = Image.fromarray(values, "P")
    image.putpalette(_palette().getpalette() or [])
    return saved(image, "PNG", transparency=255)


def _more(image: Image.Image, kind: str, **how: Any) -> bytes:
    others = [Image.new(image.mode, image.size, level) for level in (255, 0)]
    return saved(image, kind, save_all=True, append_images=others, **how)


def _of_colour(values: Pixels) -> Pixels:
    return values.astype(np.uint16) * 257


DEEP = SHADES.astype(np.uint16) * 257
BANDS = np.concatenate([SCENE, SCENE[..., :1] // 2, SCENE[..., 1:2] // 2], -1)  # a satellite's: two more than colours
WITH_ALPHA = np.concatenate([SCENE, np.asarray(MASK)[..., None]], -1)

KINDS: dict[str, Kind] = {
    "jpeg": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95)),
    "jpeg progressive": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95, progressive=True)),
    "jpeg 4:4:4": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95, subsampling=0)),
    "jpeg grey": Kind(make=lambda: saved(GREY, "JPEG", quality=95), like="grey"),
    "jpeg cmyk": Kind(make=lambda: saved(COLOUR.convert("CMYK"), "JPEG", quality=95)),
    "jpeg turned": Kind(make=lambda: turned(6, "JPEG", quality=95)),
    "jpeg mirrored": Kind(make=lambda: turned(5, "JPEG", quality=95)),
    "jpeg of a camera with two pictures": Kind(
        make=lambda: saved(COLOUR, "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (64, 48))])
    ),
    "jpeg with a profile of its own": Kind(
        make=lambda: saved(swapped(), "JPEG", quality=95, icc_profile=profile(swapped=True)), within=4
    ),
    "jpeg with sRGB's profile": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95, icc_profile=profile())),
    "jpeg with a broken profile": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95, icc_profile=b"no profile")),
    "jpeg with something behind": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95) + b"\0" * 999),
    "jpeg with broken exif": Kind(make=lambda: saved(COLOUR, "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff")),
    "png": Kind(make=lambda: saved(COLOUR, "PNG"), within=0),
    "png grey": Kind(make=lambda: saved(GREY, "PNG"), like="grey", within=0),
    "png palette": Kind(make=lambda: saved(_palette(), "PNG"), within=6),
    "png palette with a profile": Kind(
        make=lambda: saved(swapped().quantize(256), "PNG", icc_profile=profile(swapped=True)), within=7
    ),
    "png palette, transparent": Kind(make=_clear_palette, like="half", within=6),
    "png transparent": Kind(make=lambda: saved(_clear(), "PNG"), like="half", within=0),
    "png opaque alpha": Kind(make=lambda: saved(COLOUR.convert("RGBA"), "PNG"), within=0),
    "png grey and alpha": Kind(make=lambda: saved(GREY.convert("LA"), "PNG"), like="grey", within=0),
    "png one colour transparent": Kind(make=lambda: saved(COLOUR, "PNG", transparency=(1, 1, 1)), within=0),
    "png interlaced": Kind(make=interlaced_png, within=0),
    "png animated": Kind(make=lambda: _more(COLOUR, "PNG"), within=0),
    "png turned": Kind(make=lambda: turned(8, "PNG"), within=0),
    "png with a profile of its own": Kind(
        make=lambda: saved(swapped(), "PNG", icc_profile=profile(swapped=True)), within=2
    ),
    "png transparent with a profile": Kind(make=lambda: _with_profile(swapped(), "PNG"), like="half", within=2),
    "png 16 bits grey": Kind(make=lambda: saved(Image.fromarray(DEEP), "PNG"), like="grey", within=1),
    "png 16 bits colour": Kind(make=lambda: deep_png(_of_colour(SCENE)), within=1),
    "png 16 bits colour and alpha": Kind(make=lambda: deep_png(_of_colour(WITH_ALPHA)), like="half", within=1),
    "png 16 bits grey and alpha": Kind(
        make=lambda: deep_png(np.stack([DEEP, np.full_like(DEEP, 65535)], -1)), like="grey", within=1
    ),
    "webp": Kind(make=lambda: saved(COLOUR, "WEBP", quality=95), within=5),
    "webp lossless": Kind(make=lambda: saved(COLOUR, "WEBP", lossless=True), within=0),
    "webp transparent": Kind(make=lambda: saved(_clear(), "WEBP", lossless=True), like="half", within=0),
    "webp animated": Kind(make=lambda: _more(COLOUR, "WEBP", lossless=True), within=1),
    "webp with a profile": Kind(
        make=lambda: saved(swapped(), "WEBP", lossless=True, icc_profile=profile(swapped=True)), within=2
    ),
    "gif": Kind(make=lambda: saved(_palette(), "GIF"), within=6),
    "gif animated": Kind(make=lambda: _more(GREY, "GIF"), like="grey", within=1),
    "bmp": Kind(make=lambda: saved(COLOUR, "BMP"), within=0),
    "bmp palette": Kind(make=lambda: saved(_palette(), "BMP"), within=6),
    "bmp grey": Kind(make=lambda: saved(GREY, "BMP"), like="grey", within=0),
    "bmp 32 bits": Kind(make=lambda: saved(COLOUR.convert("RGBA"), "BMP"), within=0),
    "tiff": Kind(make=lambda: saved(COLOUR, "TIFF"), within=0),
    "tiff lzw": Kind(make=lambda: saved(COLOUR, "TIFF", compression="tiff_lzw"), within=0),
    "tiff deflate": Kind(make=lambda: saved(COLOUR, "TIFF", compression="tiff_adobe_deflate"), within=0),
    "tiff packbits": Kind(make=lambda: saved(COLOUR, "TIFF", compression="packbits"), within=0),
    "tiff jpeg": Kind(make=lambda: saved(COLOUR, "TIFF", compression="jpeg", quality=95), within=5),
    "tiff cmyk": Kind(make=lambda: saved(COLOUR.convert("CMYK"), "TIFF"), within=1),
    "tiff lab": Kind(make=lambda: saved(_lab(), "TIFF"), within=4),
    "tiff ycbcr": Kind(make=lambda: saved(COLOUR.convert("YCbCr"), "TIFF"), within=3),
    "tiff palette": Kind(make=lambda: saved(_palette(), "TIFF"), within=6),
    "tiff turned": Kind(make=lambda: turned(6, "TIFF"), within=0),
    "tiff big": Kind(make=lambda: saved(COLOUR, "TIFF", big_tiff=True), within=0),
    "tiff tiled": Kind(make=lambda: tiff(SCENE, tile=32), within=0),
    "tiff one plane a colour": Kind(make=lambda: tiff(SCENE, planar=True), within=0),
    "tiff pages": Kind(make=lambda: _more(COLOUR, "TIFF"), within=0),
    "tiff transparent": Kind(make=lambda: saved(_clear(), "TIFF"), like="half", within=0),
    "tiff 16 bits grey": Kind(make=lambda: saved(Image.fromarray(DEEP), "TIFF"), like="grey", within=1),
    "tiff 16 bits grey, big-endian": Kind(make=lambda: tiff(DEEP, order=">", photometric=1), like="grey", within=1),
    "tiff 16 bits, white is 0": Kind(make=lambda: tiff(65535 - DEEP, photometric=0), like="grey", within=1),
    "tiff 16 bits, signed": Kind(make=lambda: tiff(SHADES.astype(np.int16) * 16, photometric=1), like="grey"),
    "tiff 16 bits grey and alpha": Kind(
        make=lambda: tiff(np.stack([DEEP, np.full_like(DEEP, 65535)], -1), photometric=1, extra=(2,)), like="grey"
    ),
    "tiff two bands": Kind(
        make=lambda: tiff(np.stack([SHADES, 255 - SHADES], -1), photometric=1, extra=(0,)), like="grey"
    ),
    "tiff whose second page is damaged": Kind(make=lambda: _second_page_damaged(), within=0),
    "tiff 32 bits": Kind(make=lambda: tiff(DEEP.astype(np.int32), photometric=1), like="grey", within=1),
    "tiff 32 bits, unsigned": Kind(make=lambda: tiff(DEEP.astype(np.uint32), photometric=1), like="grey", within=1),
    "tiff 16 bits grey, deflate": Kind(
        make=lambda: tiff(DEEP, photometric=1, compression=8, predictor=2), like="grey", within=1
    ),
    "tiff floats": Kind(
        make=lambda: saved(Image.fromarray((SHADES / 255).astype(np.float32)), "TIFF"), like="grey", within=1
    ),
    "tiff floats, half": Kind(make=lambda: tiff((SHADES / 255).astype(np.float16), photometric=1), like="grey"),
    "tiff floats, double": Kind(make=lambda: tiff((SHADES / 255).astype(np.float64), photometric=1), like="grey"),
    "tiff floats with no data": Kind(
        make=lambda: tiff(_holes(), photometric=1, no_data="-9999"), like="grey", within=9
    ),
    "tiff 16 bits colour": Kind(make=lambda: tiff(_of_colour(SCENE)), within=1),
    "tiff 16 bits colour, big-endian": Kind(make=lambda: tiff(_of_colour(SCENE), order=">"), within=1),
    "tiff 16 bits colour, turned": Kind(make=lambda: tiff(_of_colour(np.rot90(SCENE)).copy(), turn=6), within=1),
    "tiff 16 bits colour, deflate": Kind(make=lambda: tiff(_of_colour(SCENE), compression=8, predictor=2), within=1),
    "tiff 16 bits colour, tiled": Kind(make=lambda: tiff(_of_colour(SCENE), tile=32), within=1),
    "tiff 16 bits colour, one plane a colour": Kind(make=lambda: tiff(_of_colour(SCENE), planar=True), within=1),
    "tiff 16 bits colour and alpha": Kind(make=lambda: tiff(_of_colour(WITH_ALPHA), extra=(2,)), like="half", within=1),
    "tiff floats, colour": Kind(
        make=lambda: tiff((SCENE / 255).astype(np.float32), compression=8, predictor=3), within=1
    ),
    "tiff five bands": Kind(make=lambda: tiff(BANDS, extra=(0, 0)), within=0),
    "tiff five bands, 16 bits": Kind(make=lambda: tiff(_of_colour(BANDS), extra=(0, 0), photometric=1), within=1),
    "tiff five bands, planes": Kind(make=lambda: tiff(BANDS, extra=(0, 0), planar=True), within=0),
    "tiff four bands, no alpha": Kind(make=lambda: tiff(BANDS[..., :4].copy(), extra=(0,)), within=0),
    "ppm": Kind(make=lambda: saved(COLOUR, "PPM"), within=0),
    "ppm grey": Kind(make=lambda: saved(GREY, "PPM"), like="grey", within=0),
    "ppm as text": Kind(make=lambda: _ppm_text(), within=0),
    "ppm 16 bits": Kind(make=lambda: b"P5 64 48 65535\n" + DEEP.astype(">u2").tobytes(), like="grey", within=1),
    "avif": Kind(make=lambda: saved(COLOUR, "AVIF", quality=90), within=5),
    "avif transparent": Kind(make=lambda: saved(_clear(), "AVIF", quality=100), like="half", within=4),
    "avif animated": Kind(make=lambda: _more(COLOUR, "AVIF", quality=90), within=5),
    "jpeg 2000": Kind(make=lambda: saved(COLOUR, "JPEG2000"), within=1),
    "jpeg 2000, bare": Kind(make=lambda: saved(COLOUR, "JPEG2000", no_jp2=True), within=1),
    "jpeg 2000, 16 bits": Kind(make=lambda: saved(Image.fromarray(DEEP), "JPEG2000"), like="grey", within=1),
    "heic": Kind(make=lambda: heic(COLOUR), within=5, needs=HEIF),
    "heic transparent": Kind(make=lambda: heic(_clear()), like="half", within=5, needs=HEIF),
    "dicom with a window": Kind(
        make=lambda: dicom(DEEP // 16 + 1000, WindowCenter=1000 + 2048, WindowWidth=4096), like="grey", needs=DICOM
    ),
    "dicom without a window": Kind(make=lambda: dicom(DEEP), like="grey", needs=DICOM),
    "dicom, white is low": Kind(
        make=lambda: dicom(
            65535 - DEEP, WindowCenter=32768, WindowWidth=65536, PhotometricInterpretation="MONOCHROME1"
        ),
        like="grey",
        needs=DICOM,
    ),
    "dicom in units of its own": Kind(
        make=lambda: dicom(
            SHADES.astype(np.int16) * 4, RescaleSlope=1, RescaleIntercept=-1000, WindowCenter=-490, WindowWidth=1020
        ),
        like="grey",
        needs=DICOM,
    ),
    "dicom in colour": Kind(make=lambda: dicom(SCENE), within=0, needs=DICOM),
    "dicom in deep colour": Kind(make=lambda: dicom(_of_colour(SCENE)), within=1, needs=DICOM),
    "dicom frames": Kind(make=lambda: dicom(SHADES.copy(), frames=3), like="grey", needs=DICOM),
}


def _with_profile(image: Image.Image, kind: str) -> bytes:
    image = image.copy()
    image.putalpha(MASK)
    return saved(image, kind, icc_profile=profile(swapped=True))


def _second_page_damaged() -> bytes:
    data = bytearray(KINDS["tiff pages"].make())
    first = struct.unpack("<I", data[4:8])[0]
    behind = first + 2 + 12 * struct.unpack("<H", data[first : first + 2])[0]
    second = struct.unpack("<I", data[behind : behind + 4])[0]
    data[second + 2 :] = b"\xff" * (len(data) - second - 2)
    return bytes(data)


def _lab() -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    found = ImageCms.applyTransform(COLOUR, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    assert found is not None
    return found


def _holes() -> Pixels:
    values = (SHADES / 255).astype(np.float32)
    values[:4, :4] = -9999
    return values


def _ppm_text() -> bytes:
    return f"P3\n# a comment\n{WIDTH} {HEIGHT}\n255\n{' '.join(map(str, SCENE.reshape(-1)))}\n".encode()


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file that is no image that Graft reads, and what the sentence says of it."""

    make: Callable[[], bytes]
    says: str
    lacks: str = ""  # the package without which it is refused


REFUSED: dict[str, Refused] = {
    "a text": Refused(make=lambda: b"once upon a time", says="not an image of a kind"),
    "json": Refused(make=lambda: b'{"a": 1}', says="a text"),
    "a web page": Refused(make=lambda: b"<!DOCTYPE html><html>not found</html>", says="a web page"),
    "svg": Refused(
        make=lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', says="an SVG drawing"
    ),
    "pdf": Refused(make=lambda: b"%PDF-1.7\n", says="a PDF"),
    "photoshop": Refused(make=lambda: b"8BPS\0\1" + b"\0" * 99, says="a Photoshop document"),
    "eps": Refused(make=lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", says="a PostScript drawing"),
    "a video": Refused(make=lambda: b"\0\0\0\x20ftypisom" + b"\0" * 99, says="a video or sound"),
    "jpeg xl": Refused(make=lambda: b"\xff\x0a" + b"\0" * 99, says="a JPEG XL image"),
    "exr": Refused(make=lambda: b"v/1\x01" + b"\0" * 99, says="an OpenEXR image"),
    "a zip": Refused(make=lambda: b"PK\x03\x04" + b"\0" * 99, says="a zip"),
    "gzip": Refused(make=lambda: b"\x1f\x8b\x08" + b"\0" * 99, says="a gzip file"),
    "numpy": Refused(make=lambda: b"\x93NUMPY\1\0" + b"\0" * 99, says="a numpy array"),
    "a pointer of Git LFS": Refused(make=lambda: b"version https://git-lfs.github.com/spec/v1\n", says="Git LFS"),
    "an icon": Refused(make=lambda: saved(COLOUR, "ICO"), says="not an image of a kind"),
    "a drawing that starts a program": Refused(
        make=lambda: b"\xc5\xd0\xd3\xc6" + b"\0" * 99, says="a PostScript drawing"
    ),
    "half a jpeg": Refused(make=lambda: _cut(KINDS["jpeg"].make()), says="cut off or damaged"),
    "half a png": Refused(make=lambda: _cut(KINDS["png"].make()), says="cut off or damaged"),
    "a tiff of a sort that is not read": Refused(
        make=lambda: tiff(DEEP, photometric=1, compression=34712), says="of a sort of TIFF that is not read"
    ),
    "half a webp": Refused(make=lambda: _cut(KINDS["webp"].make()), says="damaged"),
    "half a tiff": Refused(make=lambda: _cut(tiff(_of_colour(SCENE), compression=8)), says="damaged"),
    "a tiff with a damaged strip": Refused(make=lambda: _damaged_strip(), says="damaged"),
    "too many pixels": Refused(make=lambda: _header_only(100_000, 100_000), says="80 million"),
    "heic": Refused(make=lambda: b"\0\0\0\x18ftypheic" + b"0" * 200, says="Install pillow-heif", lacks=HEIF),
    "dicom": Refused(make=lambda: b"\0" * 128 + b"DICM" + b"\0" * 99, says="Install pydicom", lacks=DICOM),
}


def _damaged_strip() -> bytes:
    data = bytearray(tiff(_of_colour(SCENE), compression=8))
    data[20:60] = b"\xff" * 40
    return bytes(data)


def _header_only(width: int, height: int) -> bytes:
    data = bytearray(saved(Image.new("1", (8, 8)), "BMP"))
    data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(data)
