"""Tables that say which image is what: CSV, TSV, JSON, JSON lines, Parquet; in an archive, or beside it."""

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transfer_core.data.members import MAX_FILE_BYTES, Archive, Member, suffix
from transfer_core.data.roots import opened_place, root_of, why
from transfer_core.data.split_names import NO_SPLIT, read
from transfer_core.errors import ArchiveError

KINDS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".txt")
MOST = 20  # tables that are looked into; of more files of one kind, as with one .txt an image, none is
MOST_ROWS = 2_000_000
LOOKED_AT = 300  # rows, to see which column names images
ENOUGH = 0.5  # of them
LABELS = (  # headers, the likeliest first
    *("label", "labels", "class", "class_name", "classname", "category", "target", "species", "breed", "name", "tag"),
    *("class_label", "label_name", "diagnosis", "dx", "disease", "type", "variety", "genus", "family", "y", "classid"),
    *("class_id", "category_id", "label_id", "level", "grade", "finding_labels", "celltype", "cell_type", "text"),
)
SPLITS = ("split", "set", "subset", "partition", "usage", "phase", "fold", "dataset", "data_set", "mode")
GROUPS = (
    *("group", "patient", "patient_id", "patientid", "subject", "subject_id", "person", "lesion_id", "case_id", "case"),
    *("session", "site", "slide", "slide_id", "video", "video_id", "sequence", "donor", "plant_id", "individual"),
)


@dataclass(eq=False)
class Table:
    """Columns of text, by their headers."""

    name: str  # the user's own path for it
    columns: dict[str, list[str]]
    holds_images: bool = False  # as bytes in its cells


@dataclass(frozen=True)
class Entry:
    """What a table says of an image."""

    label: str
    split: int = NO_SPLIT
    group: str = ""


@dataclass(eq=False, kw_only=True)
class Labelled:
    """What the tables with one pair of columns say of images, by their indices."""

    names: list[str]  # of the tables
    column: str  # of the label; '' where each class has a column of its own
    entries: dict[int, Entry] = field(default_factory=dict)
    twice: set[int] = field(default_factory=set)  # images with two labels
    missing: list[str] = field(default_factory=list)  # what it names and the source does not have
    known: bool = True  # whether the header says that it is the label

    @property
    def labels(self) -> set[str]:
        return {entry.label for entry in self.entries.values()}

    @property
    def reading(self) -> str:
        """As `--labels` takes it."""
        return f"{self.names[0]}:{self.column}" if self.column and not self.known else self.names[0]

    @property
    def title(self) -> str:
        names = " and ".join(f"'{name.rpartition('/')[2]}'" for name in self.names[:2])
        return f"table {names}" + (f", column '{self.column}'" if self.column else "")


class Images:
    """Images to be found by what tables call them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._paths = {member.index: member.path.casefold() for member in members}
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        for index, path in self._paths.items():
            name = path.rpartition("/")[2]
            self._named[name].append(index)
            stem = name.rpartition(".")[0]
            if stem:
                self._named[stem].append(index)

    def find(self, text: str, folder: str) -> int:
        """The image that a text means: its path or its end, with or without ending; -1 where it is none or several."""
        path = text.strip().replace("\\", "/").removeprefix("./").strip("/").casefold()
        name = path.rpartition("/")[2]
        found = self._named.get(name) or self._named.get(name.rpartition(".")[0] or "/")
        if not found:
            return -1
        if ("/" in path and len(found) > 1) or ("/" in path and not self._ends(found[0], path)):
            found = [index for index in found if self._ends(index, path)] or found
        if len(found) > 1 and folder:
            found = [index for index in found if self._paths[index].startswith(folder.casefold() + "/")] or found
        if len(found) > 1:
            found = [i for i in found if self._paths[i].count("/") == min(self._paths[j].count("/") for j in found)]
        return found[0] if len(set(found)) == 1 else -1

    def _ends(self, index: int, path: str) -> bool:
        own = self._paths[index]
        return (
            f"/{own}".endswith(f"/{path}")
            or f"/{own.rpartition('.')[0]}".endswith(f"/{path.rpartition('.')[0]}")
            or (f"/{own.rpartition('.')[0]}".endswith(f"/{path}"))
        )


def gather(archive: Archive, others: Sequence[Member], beside: Sequence[Path]) -> tuple[list[Table], list[str]]:
    """Tables of the archive and files `beside` it, and a sentence for each that cannot be read."""
    by_kind: defaultdict[str, list[Member]] = defaultdict(list)
    for member in others:
        kind = suffix(member.path)
        if kind in KINDS and not member.refusal:
            by_kind[kind].append(member)
    found: list[Table] = []
    wrong: list[str] = []
    for kind in KINDS:
        if len(by_kind[kind]) > MOST:
            by_kind[kind] = [each for each in by_kind[kind] if "label" in each.path.rpartition("/")[2].casefold()][
                :MOST
            ]
        for member in by_kind[kind]:
            try:
                found.append(parsed(member.path, archive.read(member)))
            except ArchiveError as error:
                if kind != ".txt":
                    wrong.append(f"{member.path}: {error}")
    for file in beside:
        found.append(from_file(file))
    return found, wrong


def beside(source: Path) -> tuple[Path, ...]:
    """Tables next to an archive or folder that are called as it is, or 'labels', 'metadata' or 'annotations'."""
    names = (source.stem if source.is_file() else source.name, "labels", "metadata", "annotations")
    kinds = [kind for kind in KINDS if kind != ".txt"]
    found = (source.with_name(f"{name}{kind}") for name in dict.fromkeys(names) for kind in kinds)
    return tuple(file for file in found if file.is_file() and not (file.is_symlink() and root_of(file)))


def from_file(file: Path) -> Table:
    """A table on this machine. Raises ArchiveError where there is none that can be read."""
    try:
        with open(opened_place(file), "rb") as table:
            if os.fstat(table.fileno()).st_size > MAX_FILE_BYTES:
                raise ArchiveError(f"The table {file} has more than {MAX_FILE_BYTES >> 20} MB.")
            return parsed(file.name, table.read())
    except OSError as error:
        raise ArchiveError(f"The table {file} cannot be read ({why(error)}).") from error


def parsed(name: str, data: bytes) -> Table:
    """A table from its bytes, by its ending. Raises ArchiveError when it cannot be read."""
    kind = suffix(name)
    try:
        if kind == ".parquet":
            return _parquet(name, data)
        text = _text(data)
        if kind in (".jsonl", ".ndjson"):
            return Table(name, _from_rows([json.loads(line) for line in text.splitlines() if line.strip()]))
        if kind == ".json":
            return Table(name, _from_json(json.loads(text)))
        return Table(name, _from_lines(text, kind))
    except (ValueError, csv.Error, RecursionError, MemoryError) as error:
        raise ArchiveError(f"The table cannot be read ({str(error)[:200]}).") from error


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _from_lines(text: str, kind: str) -> dict[str, list[str]]:
    first = text.partition("\n")[0]
    sign = "\t" if kind == ".tsv" or "\t" in first else max(",;|", key=first.count)
    if kind == ".txt" and sign not in first:
        sign = " "
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign):
        if row:
            rows.append([cell.strip() for cell in row])
        if len(rows) > MOST_ROWS:
            raise ValueError(f"it has more than {MOST_ROWS:,} lines")
    width = max(map(len, rows), default=0)
    if width > 10_000:
        raise ValueError("it has more than 10,000 columns")
    headers = [*rows[0], *("" for _ in range(width - len(rows[0])))] if rows else []
    names = [header or f"column {i + 1}" for i, header in enumerate(headers)]
    if len(set(names)) < len(names):
        names = [f"{name} ({i + 1})" if names.count(name) > 1 else name for i, name in enumerate(names)]
    columns = {name: [row[i] if i < len(row) else "" for row in rows[1:]] for i, name in enumerate(names)}
    columns[FIRST_ROW] = headers
    return columns


FIRST_ROW = "\0first row"  # of a table of lines: what may be its headers, or its first entry


def _from_json(body: Any) -> dict[str, list[str]]:
    if isinstance(body, list):
        return _from_rows(body)
    if isinstance(body, dict) and body and all(isinstance(value, list) for value in body.values()):
        if len({len(value) for value in body.values()}) > 1:
            raise ValueError("its columns differ in length")
        return {str(key): [_cell(each) for each in value] for key, value in body.items()}
    if isinstance(body, dict) and all(isinstance(value, str | int) for value in body.values()):
        return {"file": [str(key) for key in body], "label": [_cell(value) for value in body.values()]}
    if isinstance(body, dict) and all(isinstance(value, dict) for value in body.values()):
        return _from_rows([{"file": key, **value} for key, value in body.items()])
    raise ValueError("it is neither a list of entries nor one value for each file")


def _from_rows(rows: list[Any]) -> dict[str, list[str]]:
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("its entries are not named values")
    names = dict.fromkeys(key for row in rows[:LOOKED_AT] for key in row)
    return {str(name): [_cell(row.get(name)) for row in rows] for name in names}


def _cell(value: Any) -> str:
    if value is None or isinstance(value, list | dict):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parquet(name: str, data: bytes) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error)) from error
    features = json.loads((found.schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    columns: dict[str, list[str]] = {}
    holds = False
    for column in found.column_names:
        kind = found.schema.field(column).type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            holds = holds or pa.types.is_struct(kind) or pa.types.is_binary(kind)
            continue
        names = features.get(column, {}).get("names") if isinstance(features.get(column), dict) else None
        cells = [_cell(value) for value in found.column(column).to_pylist()]
        if isinstance(names, list):
            cells = [str(names[int(cell)]) if cell.isdecimal() and int(cell) < len(names) else cell for cell in cells]
        columns[column] = cells
    return Table(name, columns, holds_images=holds)


# --- what tables say ------------------------------------------------------------------------------


def labelled(tables: Sequence[Table], members: Sequence[Member], *, column: str = "") -> list[Labelled]:
    """What tables say of images, those that agree in their columns together; the one that says most comes first.

    `column`: of the label; '' finds it.
    """
    if not tables:
        return []
    images = Images(members)
    found: dict[tuple[str, str], Labelled] = {}
    for table in tables:
        file = _file_column(table, images)
        if not file:
            continue
        for label, known in _label_columns(table, file, column):
            one = found.setdefault((file, label), Labelled(names=[], column=label, known=known))
            one.names.append(table.name)
            _enter(one, table, file, label, images)
    useful = [each for each in found.values() if len(each.labels) > 1]
    return sorted(useful, key=lambda each: (-each.known, -len(each.entries)))


def _file_column(table: Table, images: Images) -> str:
    """The column that names images; a table without headers gets its first row back."""
    folder = table.name.rpartition("/")[0]
    first = table.columns.pop(FIRST_ROW, [])
    names = list(table.columns)
    if any(images.find(cell, folder) >= 0 for cell in first):
        for i, (name, cells) in enumerate(list(table.columns.items())):
            table.columns[f"column {i + 1}"] = [first[i], *table.columns.pop(name)]
            del cells
        names = list(table.columns)
    best, most = "", ENOUGH
    for name in names:
        cells = table.columns[name]
        sample = [cell for cell in cells[:: max(1, len(cells) // LOOKED_AT)] if cell]
        share = sum(images.find(cell, folder) >= 0 for cell in sample) / max(1, len(sample))
        if share > most:
            best, most = name, share
    return best


def _label_columns(table: Table, file: str, wanted: str) -> Iterator[tuple[str, bool]]:
    """Columns that may be labels, and whether their headers say so; '' for one column a class."""
    if wanted:
        if wanted in table.columns:
            yield wanted, True
        return
    rows = len(table.columns[file])
    rest = {name: cells for name, cells in table.columns.items() if name != file and not _is(name, (*SPLITS, *GROUPS))}
    named = sorted((name for name in rest if _is(name, LABELS)), key=lambda name: LABELS.index(_plain(name)))
    useful = [name for name in named if len(set(rest[name])) > 1]
    if useful:
        yield useful[0], True
        return
    marks = [name for name, cells in rest.items() if set(cells) <= {"0", "1", "0.0", "1.0"}]
    if len(marks) > 1 and all(sum(float(rest[name][i]) for name in marks) == 1 for i in range(rows)):
        yield "", True
        return
    for name, cells in rest.items():
        distinct = len(set(cells) - {""})
        if 1 < distinct <= max(2, rows // 2) and not any(
            "." in cell and cell.replace(".", "").isdecimal() for cell in cells
        ):
            yield name, False


def _enter(one: Labelled, table: Table, file: str, label: str, images: Images) -> None:
    folder, name = table.name.rpartition("/")[0], table.name.rpartition("/")[2].rpartition(".")[0]
    splits = next((cells for header, cells in table.columns.items() if _is(header, SPLITS)), None)
    groups = next((cells for header, cells in table.columns.items() if _is(header, GROUPS)), None)
    own = read(name).split if read(name).sure else NO_SPLIT
    marks = [
        header for header, cells in table.columns.items() if header != file and set(cells) <= {"0", "1", "0.0", "1.0"}
    ]
    for row, text in enumerate(table.columns[file]):
        found = images.find(text, folder)
        said = table.columns[label][row] if label else next((m for m in marks if float(table.columns[m][row])), "")
        if found < 0:
            one.missing.append(text)
            continue
        if not said.strip():
            continue
        split = own
        if splits is not None and read(splits[row]).sure:
            split = read(splits[row]).split
        entry = Entry(said.strip(), split, groups[row] if groups is not None else "")
        if found in one.entries and one.entries[found].label != entry.label:
            one.twice.add(found)
        one.entries.setdefault(found, entry)


def _is(header: str, words: Sequence[str]) -> bool:
    return _plain(header) in words


def _plain(header: str) -> str:
    return header.strip().casefold().replace(" ", "_").replace("-", "_").removeprefix("column_") or header
