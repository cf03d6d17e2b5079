"""Where the journal is kept: its tables, and transactions in which nobody else writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from billcom.errors import JournalError
from billcom.settings import Settings

SCHEMA_VERSION = 1
BUSY_SECONDS = 30
"""How long a writer waits for another one; a longer wait is an error, and nothing is sent."""

metadata = MetaData()
ENTRIES = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("base_url", String, nullable=False),
    Column("organization_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("label", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("record_id", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("run", String, nullable=False),
    Column("at", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("previous", String, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("base_url", "organization_id", "kind", "subject", "label", "sequence"),
    UniqueConstraint("base_url", "organization_id", "position"),
)
SCHEMA = Table("schema_version", metadata, Column("version", Integer, primary_key=True))


class JournalStore:
    """SQLite in the state directory, or the database of `BILL_JOURNAL_URL`; made on first use."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.journal_url.get_secret_value()
        self._path = settings.state_path / "journal.db"
        self._engine: AsyncEngine | None = None

    @asynccontextmanager
    async def transaction(self, lock: str) -> AsyncGenerator[AsyncConnection]:
        """One transaction, no other with the same `lock` beside it.

        Raises JournalError for the database's errors, IntegrityError where a row exists already.
        """
        if self._engine is None:
            self._engine = await self._open()
        try:
            async with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    statement = text("SELECT pg_advisory_xact_lock(hashtext(:lock))")
                    await connection.execute(statement, {"lock": lock})
                yield connection
        except IntegrityError:
            raise
        except (DatabaseError, OSError) as error:
            raise self._unusable(error) from error

    async def _open(self) -> AsyncEngine:
        """Connect, make the tables on first use, and check their version."""
        url = self._url
        if not url:
            _private_directory(self._path.parent)
            url = f"sqlite+aiosqlite:///{self._path}"
        # No pool: connections are short, and none outlives the event loop it was made in.
        engine = create_async_engine(url, poolclass=NullPool)
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _durable)
            event.listen(engine.sync_engine, "begin", _begin_immediately)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
                found = (await connection.execute(select(SCHEMA.c.version))).scalar()
                if found is None:
                    await connection.execute(SCHEMA.insert().values(version=SCHEMA_VERSION))
        except (DatabaseError, OSError) as error:
            raise self._unusable(error) from error
        if found not in (None, SCHEMA_VERSION):
            raise JournalError(
                f"the journal is of version {found}, this program writes version {SCHEMA_VERSION}: use the "
                "program that wrote it, or upgrade the journal as the changelog says"
            )
        if engine.dialect.name == "sqlite":
            self._path.chmod(0o600)
        return engine

    def _unusable(self, error: Exception) -> JournalError:
        where = "BILL_JOURNAL_URL" if self._url else str(self._path)
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        return JournalError(
            f"the journal ({where}) can't be used: {why}. Nothing was sent; check that it exists, is whole, "
            "can be written, and that the disk has room"
        )


def _private_directory(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        raise JournalError(f"others can read {path}, where the journal and keys are: chmod 700 {path}")


def _durable(connection: Any, _record: object) -> None:
    # The begin below is ours: the driver's own would come only with the first write.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
