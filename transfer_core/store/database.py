"""The connections to a workspace's `graft.db`: checked when opened, read at one moment, written whole or not at all."""

import errno
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from transfer_core import __version__
from transfer_core.errors import StoreError, WorkspaceDamaged, WorkspaceTooNew, disk_words
from transfer_core.store.schema import MIGRATIONS

TIMEOUT_S = 10  # that a write waits for another program's
BACKUPS = "backups"  # a folder beside the database
REASONS = {  # SQLite's primary result codes: what they mean, and the way out
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space there"),
    sqlite3.SQLITE_IOERR: ("the disk reported an error or has no room", "Free some space there, or check the disk"),
    sqlite3.SQLITE_BUSY: ("another program holds it", "Close what else has it open"),
    sqlite3.SQLITE_LOCKED: ("another program holds it", "Close what else has it open"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "Check who owns it and its folder"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Check who owns it and its folder, and that the disk has room"),
    sqlite3.SQLITE_PERM: ("it may not be opened", "Check who owns it and its folder"),
}
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """One workspace's `graft.db`. Give `write=True` in the process that holds the workspace's lock.

    Raises StoreError when it cannot be opened, WorkspaceDamaged when its pages are damaged, WorkspaceTooNew when a
    newer Graft wrote it. Before tables are changed for a newer Graft, a copy is put into `backups/`.
    """

    def __init__(self, file: Path, *, write: bool) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._copy: sqlite3.Connection | None = None  # for reading what cannot be read in its place
        with said(file):
            if write:
                self._open()
            elif file.exists():
                self._look()

    def close(self) -> None:
        with self._lock:
            for connection in (self._writer, self._copy):
                if connection is not None:
                    connection.close()
            self._writer = self._copy = None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, durably, or nothing. Raises StoreError when it cannot be."""
        if not self._lock.acquire(timeout=TIMEOUT_S):  # other threads wait for another program
            reason, way_out = REASONS[sqlite3.SQLITE_BUSY]
            raise StoreError(f"The database {self.file} cannot be used: {reason}. {way_out}.", why=reason)
        try:
            with said(self.file):
                if self._writer is None:
                    raise StoreError(f"{self.file} is not open for writing. Start Graft again.")
                try:
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    self._roll_back(self._writer)
                    raise
        finally:
            self._lock.release()

    def _roll_back(self, writer: sqlite3.Connection) -> None:
        """SQLite has done so itself after some errors; a connection that cannot is given up for a new one."""
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        except sqlite3.Error:
            writer.close()
            self._writer = self._connected()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """All that is read inside is of one moment. Raises StoreError when it cannot be read."""
        with said(self.file):
            if self._copy is not None:
                with self._lock:
                    yield self._copy
            else:
                with closing(self._reader() if self.file.exists() else _empty()) as db:
                    db.execute("BEGIN")
                    yield db

    def damage(self) -> tuple[str, ...]:
        """What SQLite's whole check finds, a line each; empty when all is well. Reads every page."""
        try:
            with self.read() as db:
                found = [line for (text,) in db.execute("PRAGMA integrity_check") for line in text.splitlines()]
                return tuple(line for line in found if line != "ok" and not line.startswith("***"))
        except WorkspaceDamaged as error:
            return (str(error),)

    def _reader(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.file.resolve().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S)

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.file, timeout=TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous=FULL")
        return db

    def _open(self) -> None:
        there = self.file.exists() and self.file.stat().st_size > 0
        if self.file.exists() and not there and any((self.file.parent / "datasets").glob("*")):
            raise _damaged(self.file, "it is empty, though there are datasets")
        self._writer = self._connected()
        try:
            pending = _pending(self.file, self._writer)
            if there:
                _quick_check(self.file, self._writer)
            if there and pending:
                self._back_up(self._writer)
            self._writer.execute("PRAGMA journal_mode=WAL")
            with self.write() as db:
                _migrate(db)
        except BaseException:
            self.close()
            raise

    def _look(self) -> None:
        """Before anything is read: whether it can be, where it lies."""
        try:
            with closing(self._reader()) as db:
                pending = _pending(self.file, db)
        except sqlite3.OperationalError:  # a folder that may not be written has no room for SQLite's own files
            self._copy = self._copied()
            pending = _pending(self.file, self._copy)
        if pending:
            if self._copy is None:
                with closing(self._reader()) as db:
                    self._copy = _in_memory(db)
            _migrate(self._copy)

    def _copied(self) -> sqlite3.Connection:
        """The database with what its log holds, in memory."""
        with tempfile.TemporaryDirectory(prefix="graft-") as folder:
            for ending in ("", "-wal"):
                source = self.file.with_name(self.file.name + ending)
                try:
                    if source.exists():
                        shutil.copyfile(source, Path(folder) / source.name)
                except OSError as error:
                    raise StoreError(f"{disk_words(error, source)}") from error
            with closing(sqlite3.connect(Path(folder) / self.file.name)) as db:
                return _in_memory(db)

    def _back_up(self, writer: sqlite3.Connection) -> None:
        folder = self.file.parent / BACKUPS
        copy = folder / f"graft-{time.strftime('%Y%m%d-%H%M%S')}.db"
        try:
            folder.mkdir(exist_ok=True)
            copy.unlink(missing_ok=True)
            writer.execute("VACUUM INTO ?", (str(copy),))
        except (OSError, sqlite3.OperationalError) as error:
            with suppress(OSError):
                copy.unlink(missing_ok=True)
            raise StoreError(
                f"{self.file} is from an older Graft and has to be changed, but no copy of it could be put into"
                f" {folder} ({error}). Nothing was changed. Free some space there, or check who owns the folder."
            ) from error


@contextmanager
def said(file: Path) -> Iterator[None]:
    """SQLite's errors that a user can mend, as sentences."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in DAMAGED or "decode to UTF-8" in str(error):
            raise _damaged(file, str(error)) from error
        if code in REASONS:
            reason, way_out = REASONS[code]
            raise StoreError(
                f"The database {file} cannot be used: {reason}. {way_out}.",
                why=reason,
                full=code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
            ) from error
        raise
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.ENOTDIR):
            raise StoreError(disk_words(error, file)) from error
        raise


def _damaged(file: Path, finding: str) -> WorkspaceDamaged:
    copies = sorted((file.parent / BACKUPS).glob("*.db"))
    instead = f"put {copies[-1]} in its place" if copies else "put a backup in its place"
    return WorkspaceDamaged(
        f"The database {file} is damaged ({' '.join(finding.split())[:200]}). Nothing was changed. Move it away and"
        f" {instead}, or name another folder with --workspace or GRAFT_WORKSPACE."
    )


def _quick_check(file: Path, db: sqlite3.Connection) -> None:
    found = [line for (line,) in db.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise _damaged(file, "; ".join(found))


def _pending(file: Path, db: sqlite3.Connection) -> list[str]:
    """Names of the migrations that it lacks. Raises WorkspaceTooNew when it has one that this Graft does not know."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "migrations" not in tables:
        raise StoreError(
            f"{file} is a database of another program: it lacks Graft's table 'migrations'. Move it away, or name"
            " another folder with --workspace or GRAFT_WORKSPACE."
        )
    done = [name for (name,) in db.execute("SELECT name FROM migrations")] if tables else []
    known = [name for name, _ in MIGRATIONS]
    strange = sorted(set(done) - set(known))
    if strange:
        columns = [column[1] for column in db.execute("PRAGMA table_info(migrations)")]
        wrote = "SELECT version FROM migrations ORDER BY time DESC, rowid DESC LIMIT 1"
        (version,) = db.execute(wrote).fetchone() if "version" in columns else ("",)
        raise WorkspaceTooNew(
            f"The workspace {file.parent} was written by {f'Graft {version}' if version else 'a newer Graft'}, this is"
            f" Graft {__version__}, which does not know its '{strange[0]}'. Update Graft, or name another folder with"
            " --workspace or GRAFT_WORKSPACE."
        )
    return [name for name in known if name not in done]


def _migrate(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time REAL NOT NULL,"
        " version TEXT NOT NULL DEFAULT '')"
    )
    if "version" not in [column[1] for column in db.execute("PRAGMA table_info(migrations)")]:
        db.execute("ALTER TABLE migrations ADD COLUMN version TEXT NOT NULL DEFAULT ''")
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    for name, statements in MIGRATIONS:
        if name not in done:
            for statement in statements.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (name, time.time(), __version__))


def _in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.backup(copy)
    return copy


def _empty() -> sqlite3.Connection:
    """A workspace that nothing was put into yet."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    _migrate(db)
    return db
