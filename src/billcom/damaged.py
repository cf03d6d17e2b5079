"""A journal file that is no database any more: moved aside, what can be read of it saved into a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from billcom.journal_store import JournalStore

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


async def replace_damaged(store: JournalStore, stamp: str) -> Path | None:
    """Move a damaged journal file aside, and put every row that can be read into a new one; return where it is.

    None when the file is whole, or there is none.
    """
    path = store.file
    if path is None or not path.is_file() or not _is_damaged(path):
        return None
    rows = list(_readable(path))
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    path.rename(aside)
    # What SQLite would undo or redo belongs to the old file.
    for ending in ("-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    await store.restore(rows)
    return aside


def _is_damaged(path: Path) -> bool:
    try:
        with closing(_open(path)) as connection:
            return connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok"
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF in _DAMAGE


def _readable(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows up to the first that can't be read; the indexes, which may be what is damaged, are not used."""
    with suppress(sqlite3.DatabaseError), closing(_open(path)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute("SELECT * FROM entries NOT INDEXED ORDER BY rowid"):
            yield dict(row)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
