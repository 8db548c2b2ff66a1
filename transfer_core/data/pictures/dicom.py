"""DICOM images, where pydicom is installed."""

from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from .deep import Values, on_scale
from .kinds import Unreadable, require_dicom, require_pixels


def read(file: BinaryIO) -> tuple[Image.Image | None, Values | None, int]:
    """The first frame as its file's own window shows it, or without a window its values; and how many frames there are.

    Raises Unreadable.
    """
    require_dicom()
    import pydicom

    file.seek(0)
    found = pydicom.dcmread(file, force=False)
    if "PixelData" not in found:
        raise Unreadable("The DICOM file holds no image.")
    require_pixels(int(found.Columns), int(found.Rows))
    frames = int(found.get("NumberOfFrames") or 1)
    try:
        values: Values = pydicom.pixels.pixel_array(found, index=0)
    except (NotImplementedError, RuntimeError, AttributeError, ImportError) as error:
        raise Unreadable(
            "The DICOM file is packed in a way that pydicom alone does not read. Save it uncompressed, or as PNG."
        ) from error
    if found.PhotometricInterpretation == "PALETTE COLOR":
        values = pydicom.pixels.apply_color_lut(values, found)
    if values.ndim == 3:
        return (Image.fromarray(values), None, frames) if values.dtype == np.uint8 else (None, values, frames)
    padding = found.get("PixelPaddingValue")
    nothing = values == padding if padding is not None else np.zeros(values.shape, bool)
    real: Values = pydicom.pixels.apply_modality_lut(values, found).astype(np.float32)
    inverted = found.PhotometricInterpretation == "MONOCHROME1"
    centre, width = _first(found.get("WindowCenter")), _first(found.get("WindowWidth"))
    if centre is None or width is None or width < 1:
        real[nothing] = np.nan
        return None, -real if inverted else real, frames
    shown = on_scale(real, centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)
    return Image.fromarray(255 - shown if inverted else shown), None, frames


def _first(found: Any) -> float | None:
    if found is None or found == "":
        return None
    return float(found[0] if hasattr(found, "__getitem__") and not isinstance(found, str) else found)
