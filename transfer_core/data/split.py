"""Training, validation and test: stratified by class, groups of near-duplicates kept on one side."""

from collections.abc import Sequence

import numpy as np

from transfer_core.types import TRAIN, Floats, Ints

SHARES = (0.70, 0.15, 0.15)
CUT = 0.15  # of train, for a split that the archive lacks


def split(labels: Ints, groups: Ints, *, seed: int) -> Ints:
    """A split for each image, 70/15/15 in every class as far as groups allow: labels (N,), groups (N,) -> (N,).

    Every class has an image in train; one with three groups or more has one in each split.
    """
    return _assign(labels, groups, np.array(SHARES), np.random.default_rng(seed))


def cut(labels: Ints, groups: Ints, splits: Ints, into: int, *, seed: int) -> Ints:
    """`splits` with 15 % of train moved to the split `into`, by class, groups kept together: all (N,)."""
    rows = np.flatnonzero(splits == TRAIN)
    part = _assign(labels[rows], groups[rows], np.array([1 - CUT, CUT]), np.random.default_rng((seed, into)))
    moved = splits.copy()
    moved[rows[part == 1]] = into
    return moved


def united(groups: Ints, names: Sequence[str]) -> Ints:
    """`groups` (N,) with those joined whose images share a name (N,); '' joins nothing."""
    parent = np.arange(int(groups.max(initial=-1)) + 1)

    def top(group: int) -> int:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = int(parent[group])
        return group

    first: dict[str, int] = {}
    for group, name in zip(groups.tolist(), names, strict=True):
        if name:
            parent[top(group)] = top(first.setdefault(name, group))
    return np.array([top(group) for group in groups.tolist()], np.int64) if first else groups


def _assign(labels: Ints, groups: Ints, shares: Floats, rng: np.random.Generator) -> Ints:
    """A part (index into `shares`) for each image: (N,) -> (N,). Part 0 is never left without a class."""
    classes = int(labels.max(initial=-1)) + 1
    _, groups = np.unique(groups, return_inverse=True)
    sizes = np.bincount(groups)
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])  # rows of each group
    counts = np.bincount(labels, minlength=classes)
    room = np.stack([_share_out(n, shares, odd=c % 2 == 1) for c, n in enumerate(counts)])  # (C, P), images wanted
    part_of = np.zeros(len(sizes), np.int64)

    alone = rng.permutation(np.flatnonzero(sizes == 1))
    label_of_alone = labels[[members[group][0] for group in alone]]
    spare = np.bincount(label_of_alone, minlength=classes)  # images that can still fill any part
    held = np.zeros((classes, len(shares)), bool)
    several = np.flatnonzero(sizes > 1)
    for group in several[np.lexsort((rng.random(len(several)), -sizes[several]))]:  # large first, ties by chance
        inside = np.bincount(labels[members[group]], minlength=classes)  # (C,)
        part = _place(inside, room, held, spare, rng)
        part_of[group] = part
        room[:, part] -= inside
        held[:, part] |= inside > 0

    for label in range(classes):
        mine = alone[label_of_alone == label]
        if len(mine):
            left = np.maximum(room[label], 0)
            part_of[mine] = np.repeat(np.arange(len(shares)), _share_out(len(mine), left, odd=label % 2 == 1))
    for label in range(classes):  # a group with several labels may have taken a class's only images elsewhere
        mine = groups[labels == label]
        if len(mine) and (part_of[mine] != 0).all():
            part_of[mine[sizes[mine].argmax()]] = 0
    return part_of[groups]


def _share_out(n: int, weights: Floats | Ints, *, odd: bool) -> Ints:
    """`n` as whole numbers in proportion to `weights`, none of them 0 if `n` allows: (P,). `odd` turns ties round."""
    order = np.array([0, *(range(len(weights) - 1, 0, -1) if odd else range(1, len(weights)))])
    order = order[weights[order] > 0]
    shares = np.zeros(len(weights), np.int64)
    if n < len(order):
        shares[order[:n]] = 1
        return shares
    exact = n * weights[order] / weights[order].sum()
    whole = np.floor(exact + 1e-9).astype(np.int64)
    whole[np.argsort(whole - exact, kind="stable")[: n - whole.sum()]] += 1
    while (whole == 0).any():
        whole[whole.argmax()] -= 1
        whole[whole.argmin()] += 1
    shares[order] = whole
    return shares


def _place(inside: Ints, room: Ints, held: Ints, spare: Ints, rng: np.random.Generator) -> int:
    """The part for a group with `inside` images of each class: where it fits best, by chance in proportion to room."""
    main = int(inside.argmax())
    bare = np.flatnonzero(~held[main])
    if held[main, 0] and len(bare) > 0 and spare[main] < len(bare):
        return int(bare[room[main, bare].argmax()])  # no single images are left to represent the class there
    free = np.maximum(room, 0)
    fit = np.minimum(inside[:, None], free).sum(0)  # (C, P) -> (P,), images that find room
    best = np.flatnonzero(fit == fit.max())
    odds = free[main, best].astype(np.float64)
    return int(rng.choice(best, p=odds / odds.sum()) if odds.sum() else best[0])
