"""What runs said of new images as a table: for people, spreadsheets and programs."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from transfer_core.data.answers import Predicted
from transfer_core.types import Ints
from transfer_core.words import cell

TOP = 3  # classes told by name


def by_doubt(found: Predicted) -> Ints:
    """Rows (N,), the least sure first: by the mean of the runs' highest probabilities; unreadable ones last."""
    sure = found.probabilities.max(2).mean(0)
    return np.argsort(np.where(np.isnan(sure), np.inf, sure), kind="stable")


def columns(found: Predicted, titles: Sequence[str], order: Ints | None = None) -> dict[str, list[Any]]:
    """The table by its columns. `titles`: of the runs, told where there are several; `order`: rows, or as they came.

    For each run its answer, the probability of it, whether it is sure, what comes next, and every class's probability.
    """
    rows = range(len(found.names)) if order is None else order.tolist()
    table: dict[str, list[Any]] = {"image": [found.names[row] for row in rows]}
    for place, title in enumerate(titles):
        head = f"{title}: " if len(titles) > 1 else ""
        said = found.probabilities[place]  # (N, K)
        best = np.argsort(-said, axis=1, kind="stable")[:, :TOP]
        read = [not found.errors[row] for row in rows]
        for rank in range(best.shape[1]):
            name = ("class", "second", "third")[rank]
            table[f"{head}{name}"] = [
                found.classes[best[row, rank]] if ok else None for row, ok in zip(rows, read, strict=True)
            ]
            name = "probability" if rank == 0 else f"probability of the {name}"
            table[f"{head}{name}"] = [
                round(float(said[row, best[row, rank]]), 6) if ok else None for row, ok in zip(rows, read, strict=True)
            ]
            if rank == 0:
                table[f"{head}sure"] = [
                    found.sure(place, row) if ok else None for row, ok in zip(rows, read, strict=True)
                ]
        table[f"{head}unlike training"] = [
            bool(found.unlike[place, row]) if ok else None for row, ok in zip(rows, read, strict=True)
        ]
        for number, label in enumerate(found.classes):
            table[f"{head}p({label})"] = [
                round(float(said[row, number]), 6) if ok else None for row, ok in zip(rows, read, strict=True)
            ]
    table["error"] = [found.errors[row] or None for row in rows]
    return table


def as_csv(table: dict[str, list[Any]]) -> bytes:
    """UTF-8 with a mark that spreadsheets know; what would be a formula there begins with an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(map(cell, table))
    for row in zip(*table.values(), strict=True):
        writer.writerow([cell(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().encode("utf-8-sig")


def as_parquet(table: dict[str, list[Any]]) -> bytes:
    """The same for programs."""
    import pyarrow
    import pyarrow.parquet

    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(table), out)
    return bytes(out.getvalue())
