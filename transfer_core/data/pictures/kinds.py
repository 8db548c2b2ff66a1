"""Which files are images that are read, told by their first bytes; names only tell which are worth a look."""

import os
from importlib.util import find_spec

from PIL import features

MAX_PIXELS = 80_000_000  # 240 MB as RGB; below the size at which Pillow itself warns
FORMATS = (  # nothing that starts another program, as EPS does
    *("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"),
    *(["AVIF"] if features.check("avif") else []),
    *(["JPEG2000"] if features.check("jpg_2000") else []),
)
TITLES = {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "HEIF": "HEIC"}
HEIC, DICOM = "pillow_heif", "pydicom"  # what reads two kinds that Pillow does not, where it is installed
HEAD = 4096  # bytes that tell a kind

# Endings that no image of a kind that is read has. Any other name, or none, may be an image's.
_OTHERS = """
    txt csv tsv json jsonl ndjson xml yml yaml toml ini cfg md rst html htm log lst names pdf doc docx xls xlsx ods ppt
    pptx odt rtf py ipynb r m js css sh bat exe dll so h c cpp java go rs sql db sqlite parquet arrow feather avro npy
    npz mat pkl pickle pt pth h5 hdf5 onnx safetensors ckpt tfrecord caffemodel zip tar gz tgz xz bz2 zst 7z rar mp4 avi
    mov mkv webm mpg mpeg m4v wmv mp3 wav flac ogg m4a svg psd ai eps ps xcf blend obj stl ply dae nii fits lnk url
    webloc swp crdownload torrent license gitignore gitattributes lock"""
_BARE = "readme license licence copying makefile dockerfile changelog authors notice version"
OTHERS, BARE = frozenset(_OTHERS.split()), frozenset(_BARE.split())

_BEGINNINGS = (  # of the kinds that are read
    ("JPEG", b"\xff\xd8\xff"),
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("GIF", b"GIF8"),
    ("BMP", b"BM"),
    *(("TIFF", start) for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    *(("PPM", b"P%d" % n + blank) for n in range(1, 8) for blank in (b"\n", b" ", b"\t", b"\r", b"#")),
    *(("PPM", start + blank) for start in (b"PF", b"Pf") for blank in (b"\n", b" ")),
    ("JPEG2000", b"\0\0\0\x0cjP  \r\n\x87\n"),
    ("JPEG2000", b"\xffO\xffQ"),
)
_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_STARTS = (  # of what people have among their images, and its name in a sentence
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"%!PS", "a PostScript drawing"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"SIMPLE  =", "a FITS image"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array"),
    (b"PK\x03\x04", "a zip"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\0\x05\x16\x07", "what macOS keeps beside a file"),
    (b"version https://git-lfs", "a pointer of Git LFS, whose image was never fetched"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"{", "a text"),
    (b"[", "a text"),
)


class Unreadable(ValueError):
    """Why a file does not become a picture, as a sentence."""


def may_be_image(name: str) -> bool:
    """Whether a file's name leaves it open that it is an image; its content decides."""
    base = name.replace("\\", "/").rpartition("/")[2].strip().casefold()
    ending = os.path.splitext(base)[1][1:]
    return bool(base) and not base.startswith(".") and ending not in OTHERS and base not in BARE


def begins_as(head: bytes) -> str:
    """The kind of image that a file's first bytes promise, as Pillow calls it, HEIF and DICOM too; '' for none."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and _brands(head) & {b"avif", b"avis"}:
        return "AVIF"
    if is_heic(head):
        return "HEIF"
    return "DICOM" if is_dicom(head) else next((kind for kind, start in _BEGINNINGS if head.startswith(start)), "")


def _brands(head: bytes) -> set[bytes]:
    return {head[8:12], *(head[i : i + 4] for i in range(16, min(64, int.from_bytes(head[:4])), 4))}


def is_heic(head: bytes) -> bool:
    if head[4:8] != b"ftyp":
        return False
    return bool(_brands(head) & _BRANDS) and not _brands(head) & {b"avif", b"avis"}


def is_dicom(head: bytes) -> bool:
    return head[128:132] == b"DICM"


def formats(head: bytes) -> tuple[str, ...]:
    """The kinds that Pillow is to try on a file which begins so."""
    if not is_heic(head):
        return FORMATS
    if find_spec(HEIC) is None:
        raise Unreadable(
            "The file is a HEIC photo, as phones make them. Install pillow-heif (pip install pillow-heif), which reads"
            " them, or save it as JPEG."
        )
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return ("HEIF",)


def require_dicom() -> None:
    if find_spec(DICOM) is None:
        raise Unreadable(
            "The file is a DICOM image. Install pydicom (pip install pydicom), which reads them, or save it as PNG with"
            " the window you need."
        )


def refusal(head: bytes) -> str:
    """Of a file that is none of the kinds that are read: what it is, as a sentence."""
    if kind := begins_as(head):
        title = TITLES.get(kind, kind)
        return f"The image is cut off or damaged, or of a sort of {title} that is not read. Save it as PNG or JPEG."
    known = ", ".join(TITLES.get(each, each) for each in FORMATS)
    reads = f"not an image of a kind that Graft reads ({known}; HEIC and DICOM with pillow-heif and pydicom)."
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in text:
        return f"The file is an SVG drawing, {reads}"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return f"The file is a web page, {reads}"
    if head[4:8] == b"ftyp" or head[:4] == b"RIFF":
        return f"The file is {'a camera raw file' if head[8:11] == b'crx' else 'a video or sound'}, {reads}"
    what = next((what for start, what in _STARTS if head.startswith(start)), "")
    return f"The file is {what}, {reads}" if what else f"The file is {reads}"


def require_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise Unreadable(f"The image has {width} x {height} pixels; at most {MAX_PIXELS // 10**6} million fit.")
    if not width * height:
        raise Unreadable(f"The image has {width} x {height} pixels, so there is nothing to see.")
