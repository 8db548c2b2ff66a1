"""What runs said of new images as a table: for people, spreadsheets and programs."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from transfer_core.data.answers import Predicted
from transfer_core.types import Floats, Ints
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

    def told(values: Sequence[Any]) -> list[Any]:
        return [None if found.errors[row] else values[row] for row in rows]

    def shares(values: Floats) -> list[Any]:
        return told([round(value, 6) for value in values.tolist()])

    table: dict[str, list[Any]] = {"image": [found.names[row] for row in rows]}
    for place, title in enumerate(titles):
        head = f"{title}: " if len(titles) > 1 else ""
        said, everyone = found.probabilities[place], np.arange(len(found.names))  # (N, K)
        best = np.argsort(-said, axis=1, kind="stable")[:, :TOP]
        for rank, name in enumerate(("class", "second", "third")[: best.shape[1]]):
            table[f"{head}{name}"] = told([found.classes[label] for label in best[:, rank]])
            share = f"probability of the {name}" if rank else "probability"
            table[f"{head}{share}"] = shares(said[everyone, best[:, rank]])
            if not rank:
                table[f"{head}sure"] = told([found.sure(place, row) for row in range(len(said))])
        table[f"{head}unlike training"] = told(found.unlike[place].tolist())
        for number, label in enumerate(found.classes):
            table[f"{head}p({label})"] = shares(said[:, number])
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
