"""Columns of text."""

from collections.abc import Container, Sequence


def table(rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> list[str]:
    """A line a row, columns aligned; `right`: those of numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
