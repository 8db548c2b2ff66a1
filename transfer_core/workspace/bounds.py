"""What Graft takes and no more, in one list, with the reasons. Each limit stands where it is held; here it is named."""

import os
from dataclasses import dataclass

from transfer_core import decision, strategies
from transfer_core.data import answers, archive, decoder, intake, members, pixels, tables, unpacking, zips
from transfer_core.data.pictures import bands, kinds
from transfer_core.data.pictures.picture import LARGE_PIXELS
from transfer_core.export import unpacked
from transfer_core.jobs import lane
from transfer_core.serve.limits import Limits as Served
from transfer_core.types import backbones
from transfer_core.words import count, duration
from transfer_core.workspace import first_models, predictions, remarks, tidying

FILES, IMAGES, DISK, RUNS, SERVED = "Archives and folders", "Images", "The disk", "Runs and predictions", "graft serve"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A line of the list."""

    group: str
    what: str
    most: str  # as words
    why: str
    held: str  # the constant that holds it, below transfer_core


def limits() -> tuple[Limit, ...]:
    """All of them, group by group, as they are in force."""
    memory = os.environ.get(decoder.MEMORY) or str(decoder.MEMORY_MB)
    served = Served()
    return (
        *_group(
            FILES,
            ("Files and folders in one", count(members.MAX_ENTRIES), "data.members.MAX_ENTRIES", ENTRIES),
            ("A file inside", _mb(members.MAX_FILE_BYTES), "data.members.MAX_FILE_BYTES", FILE),
            ("Unpacked, times its size", count(members.MAX_RATIO), "data.members.MAX_RATIO", RATIO),
            ("Unpacked, whatever its size", _mb(members.HARMLESS_BYTES), "data.members.HARMLESS_BYTES", HARMLESS),
            ("Folders above a file", count(members.MAX_DEPTH), "data.members.MAX_DEPTH", DEPTH),
            ("Characters of a path", count(members.MAX_NAME), "data.members.MAX_NAME", NAME),
            ("A zip's table of contents", _mb(zips.MAX_DIRECTORY_BYTES), "data.zips.MAX_DIRECTORY_BYTES", DIRECTORY),
            ("A header in a tar or 7z", _mb(unpacking.MOST_AT_ONCE), "data.unpacking.MOST_AT_ONCE", HEADER),
            ("Memory to unpack xz or 7z", _mb(unpacking.MEMORY), "data.unpacking.MEMORY", XZ),
            ("Archives inside one", count(archive.MOST_INNER), "data.archive.MOST_INNER", INNER_ONES),
            ("Lines of a table of labels", count(tables.MOST_ROWS), "data.tables.MOST_ROWS", ROWS),
            ("Tables that are looked into", count(tables.MOST), "data.tables.MOST", TABLES),
        ),
        *_group(
            IMAGES,
            ("Pixels", f"{kinds.MAX_PIXELS / 1e6:.0f} million", "data.pictures.kinds.MAX_PIXELS", PIXELS),
            (
                "Memory to decode one",
                f"{int(memory):,} MB" if memory.isdecimal() else memory,
                "data.decoder.MEMORY_MB",
                MEMORY,
            ),
            (
                "Pixels, decoded beside others",
                f"{LARGE_PIXELS / 1e6:.0f} million",
                "data.pictures.picture.LARGE_PIXELS",
                LARGE,
            ),
            ("Pages that are counted", count(bands.MOST_PAGES), "data.pictures.bands.MOST_PAGES", PAGES),
            ("Side of a network's square", f"{backbones.MOST_PX:,} px", "types.backbones.MOST_PX", SIDE),
        ),
        *_group(
            DISK,
            ("Left free by imports and decoded images", _mb(pixels.SPARE_BYTES), "data.pixels.SPARE_BYTES", SPARE),
            ("Written between two looks at it", _mb(intake.RECHECK_BYTES), "data.intake.RECHECK_BYTES", RECHECK),
            ("Left free where an archive inside is unpacked", _mb(archive.ROOM), "data.archive.ROOM", INNER),
            ("An unpacked bundle", _mb(unpacked.MOST_BYTES), "export.unpacked.MOST_BYTES", BUNDLE),
            ("Predictions that are kept", count(tidying.PREDICTIONS_KEPT), "workspace.tidying.PREDICTIONS_KEPT", KEPT),
        ),
        *_group(
            RUNS,
            ("Runs side by side on Predict", count(predictions.MOST_RUNS), "workspace.predictions.MOST_RUNS", BESIDE),
            ("Images with heat maps at once", count(answers.MAPPED), "data.answers.MAPPED", MAPPED),
            ("Seeds of a recipe", count(strategies.MOST_SEEDS), "strategies.MOST_SEEDS", SEEDS),
            ("Pilots", duration(decision.MOST_SECONDS), "decision.MOST_SECONDS", PILOTS),
            ("A first model", duration(first_models.MOST_SECONDS), "workspace.first_models.MOST_SECONDS", FIRST),
            ("Resumed by itself", f"{lane.MOST_RESUMED} times", "jobs.lane.MOST_RESUMED", RESUMED),
            ("Silence of a worker told to stop", duration(lane.KILL_SECONDS), "jobs.lane.KILL_SECONDS", KILLED),
            ("Characters of a note", count(remarks.MOST_NOTE), "workspace.remarks.MOST_NOTE", LONG),
        ),
        *_group(
            SERVED,
            ("A request", _mb(served.request_bytes), "serve.limits.Limits.request_bytes", REQUEST),
            ("Images in a request", count(served.images), "serve.limits.Limits.images", BATCH),
            ("Requests at once", count(served.requests), "serve.limits.Limits.requests", AT_ONCE),
            ("Until a request has arrived", duration(served.seconds), "serve.limits.Limits.seconds", SLOW),
        ),
    )


def _group(group: str, *lines: tuple[str, str, str, str]) -> tuple[Limit, ...]:
    return tuple(Limit(group=group, what=what, most=most, held=held, why=why) for what, most, held, why in lines)


def _mb(number_of_bytes: int) -> str:
    """As the sentences say that refuse what is more: powers of 1,024."""
    return f"{number_of_bytes >> 30:,} GB" if number_of_bytes >= 1 << 30 else f"{number_of_bytes >> 20:,} MB"


ENTRIES = "A list of a million takes 11 s and 224 MB before the first image is seen."
FILE = "No photo is as large; what is, is a video or made to fill the memory."
RATIO = "Photos hardly pack. An archive that unpacks to more is made to fill the disk."
HARMLESS = "Flat drawings pack well, and so little does no harm."
DEPTH = "Classes lie a few folders deep; deeper ones are made to keep a program busy."
NAME = "What is longer is cut where it is shown, and refused."
DIRECTORY = "It is read whole, before anything is known about the rest."
HEADER = "It says itself how long it is, and would be read into memory."
XZ = "xz -9 and 7z's highest ask for 65 MB; an archive may ask for any amount."
INNER_ONES = "Each stays open while its images are read."
ROWS = "A table is held in memory while images are matched with its lines."
TABLES = "Of more files of one kind, such as one .txt an image, none is a table of labels."
LONG = "A longer one is a document; keep it beside the images."
PIXELS = "240 MB as RGB; a PNG of 389 kB can unpack to more than 1 GB."
MEMORY = f"Images are decoded in processes of their own, which end beyond it. {decoder.MEMORY} sets it."
LARGE = "Larger ones are decoded one at a time, so that their memory does not add up."
PAGES = "A file can name pages without end."
SIDE = "Memory and time grow with its square."
SPARE = "A full disk stops databases, other programs and the system."
RECHECK = "Other programs fill the disk too."
INNER = "It is unpacked beside the system's own temporary files."
BUNDLE = "An ONNX graph holds at most 2 GB; a bundle has the weights once more, and samples."
KEPT = "Each holds the probabilities of all its images; the oldest go first."
BESIDE = "More columns cannot be compared at a glance, and each network takes memory."
MAPPED = "Each takes up to twice as long as its answer."
SEEDS = "The mean hardly moves any more, and each is a whole training."
PILOTS = "A race that takes longer is no shorter than training the candidates."
FIRST = "Nobody asked for it; where it is expected to take longer, it is trained on a part of the images."
RESUMED = "A run whose worker dies each time has a reason that goes on."
KILLED = "Stop has to stop; a network that hangs does not answer."
REQUEST = "It is held in memory. --most-mb sets it."
BATCH = "A request is answered as a whole, and others wait for it."
AT_ONCE = "Each holds its images in memory. --most-requests sets it."
SLOW = "A client that sends a byte now and then would hold its place for ever."
