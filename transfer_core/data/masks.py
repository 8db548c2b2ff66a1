"""Images that are no photos: masks and annotations that lie beside photos under the same names."""

import re
from collections import defaultdict
from collections.abc import Iterable

from transfer_core.data.members import Member
from transfer_core.data.split_names import is_filler
from transfer_core.types import Problem
from transfer_core.words import some

SURE = {  # folders that are never classes
    *("annotations", "annotation", "trimaps", "trimap", "segmentations", "segmentation", "segmentationclass"),
    *("segmentationobject", "groundtruth", "ground truth", "ground truths", "mask images", "label images"),
}
LIKELY = {"mask", "masks", "seg", "segs", "gt", "labels", "label", "depth", "edges", "heatmaps", "lung masks"}
ENDING = re.compile(r"(.+?)[ _.-]+(?:mask|masks|seg|segm|segmentation|gt|groundtruth|trimap)(?:[ _-]?\d+)?$", re.I)
WORDS = ("mask", "seg", "gt", "groundtruth", "trimap")
ENOUGH = 0.8  # of the names of masks, that photos have too


def without_masks(members: Iterable[Member]) -> tuple[list[Member], list[Problem]]:
    """Photos alone, and a problem for each folder of masks and each folder in which masks lie beside photos."""
    folders: defaultdict[str, list[Member]] = defaultdict(list)
    for member in members:
        folders[member.path.rpartition("/")[0]].append(member)
    known = set(folders)
    suspect = {folder for folder in folders if _named(folder, known)}
    beside = (group for folder, group in folders.items() if folder not in suspect) if suspect else ()
    photos = {_stem(member) for group in beside for member in group}
    found: list[Member] = []
    problems: list[Problem] = []
    for folder, group in folders.items():
        if folder in suspect and sum(_bare(_stem(each)) in photos for each in group) >= ENOUGH * len(group):
            said = f"{some(len(group), 'image')} in it, masks by its name, have the names of photos elsewhere"
            problems.append(Problem(file=folder, reason=f"{said}; they were left out.", files=len(group)))
            continue
        photo, masks = _beside(group)
        found += photo
        if masks:
            said = (
                f"{some(len(masks), 'image')} in it, such as '{masks[0].path.rpartition('/')[2]}', are masks of photos"
            )
            problems.append(Problem(file=folder, reason=f"{said} beside them; they were left out.", files=len(masks)))
    return found, problems


def _named(folder: str, known: set[str]) -> bool:
    parts = folder.split("/")
    for depth, part in enumerate(parts):
        name = " ".join(part.replace("_", " ").replace("-", " ").split()).casefold()
        if name in SURE:
            return True
        if name in LIKELY:
            above = "/".join(parts[:depth])
            beside = {each[len(above) :].lstrip("/").split("/")[0] for each in known if each.startswith(above)}
            if any(is_filler(each) for each in beside - {part}):
                return True
    return False


def _beside(group: list[Member]) -> tuple[list[Member], list[Member]]:
    """Photos of one folder, and the masks whose photo lies beside them."""
    maybe = [member for member in group if any(word in member.path.casefold() for word in WORDS)]
    if not maybe:
        return group, []
    stems = {_stem(member) for member in group}
    masks = {member.index for member in maybe if (found := ENDING.match(_stem(member))) and found[1] in stems}
    return [each for each in group if each.index not in masks], [each for each in group if each.index in masks]


def _stem(member: Member) -> str:
    return member.path.rpartition("/")[2].rpartition(".")[0]


def _bare(stem: str) -> str:
    found = ENDING.match(stem)
    return found[1] if found else stem
