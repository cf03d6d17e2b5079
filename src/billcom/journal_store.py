"""Where the journal is kept: its tables, and transactions in which nobody else writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
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
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from billcom.errors import JournalError
from billcom.private import make_private_directory
from billcom.settings import StateSettings

SCHEMA_VERSION = 1
KEPT_CONNECTIONS = 4
BUSY_SECONDS = 10
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
    Column("details", Text, nullable=False),
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
COLUMNS = tuple(name for name in ENTRIES.c.keys() if name != "id")  # noqa: SIM118 (its own iterator gives columns)
"""What a row says, in the order of the table."""

SCHEMA = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

_SQLITE, _POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
_TABLES = "billcom tables"
# What SQLAlchemy lets through as it is: asyncpg's own when it connects.
_TROUBLE = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class JournalStore:
    """SQLite in the state directory, or the database of `BILL_JOURNAL_URL`; made on first use."""

    def __init__(self, settings: StateSettings, *, keep: bool = False) -> None:
        """Open nothing yet. `keep`: hold connections until `close`, which the event loop's end must come after."""
        self._settings = settings
        self._keep = keep
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections that were kept, and keep none from now on."""
        self._keep = False
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None where a server keeps the journal. Raises JournalError for a wrong address."""
        if self._url.drivername != _SQLITE:
            return None
        return Path((self._url.database or "").removeprefix("file:"))

    @property
    def place(self) -> str:
        """The file, or host and database of the server; no password. Raises JournalError for a wrong address."""
        return str(self.file or f"{self._url.host or 'PostgreSQL'}/{self._url.database}")

    @asynccontextmanager
    async def transaction(self, lock: str, *, writes: bool = False) -> AsyncGenerator[AsyncConnection]:
        """One transaction; when it `writes`, no other of the same `lock` beside it.

        Raises JournalError for the database's errors, IntegrityError where a row exists already.
        """
        async with self._opening:
            engine = self._engine = self._engine or await self._open()
        try:
            # SQLite lets writers poll, so that one of many may wait until it gives up: ours queue here.
            async with self._writing if writes else nullcontext(), engine.connect() as connection:
                await connection.execution_options(billcom_writes=writes)
                async with connection.begin():
                    if writes:
                        await _lock_out_others(connection, lock)
                    yield connection
        except IntegrityError:
            raise
        except _TROUBLE as error:
            raise self._unusable(error) from error

    async def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put rows into a new SQLite file as they are, of every organization; those that fit no column are left."""
        keep = self._keep
        await self.close()  # of the file that was
        self._keep = keep
        async with self.transaction(_TABLES, writes=True) as connection:
            for row in rows:
                values = {name: row[name] for name in COLUMNS if name in row}
                await connection.execute(ENTRIES.insert().prefix_with("OR IGNORE").values(values))

    @cached_property
    def _url(self) -> URL:
        given = self._settings.journal_url.get_secret_value()
        if not given:
            return URL.create(_SQLITE, database=str(self._settings.state_path / "journal.db"))
        # What is wrong with it may be its password: nothing of it is shown.
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            url = None
        names = (_SQLITE, _POSTGRESQL)
        if url is None or url.drivername not in names or not url.database or "@" in url.database:
            raise JournalError(
                f"BILL_JOURNAL_URL is no address of a journal: write {_POSTGRESQL}://user:password@host/database, with "
                "%40 for an @ in the password, or unset it"
            ) from None
        return url

    async def _open(self) -> AsyncEngine:
        """Connect, make the tables on first use, and check their version."""
        try:
            if not self._settings.journal_url.get_secret_value():
                _check_private(self._settings.state_path)
            engine = _engine(self._url, keep=self._keep)
            async with engine.begin() as connection:
                await _lock_out_others(connection, _TABLES)
                found = await connection.run_sync(_version)
            if self.file is not None:
                self.file.chmod(0o600)
        except _TROUBLE as error:
            raise self._unusable(error) from error
        if found != SCHEMA_VERSION:
            await engine.dispose()
            raise JournalError(
                f"the journal is of version {found}, this program writes version {SCHEMA_VERSION}: use the "
                "program that wrote it, or upgrade the journal as the changelog says"
            )
        return engine

    def _unusable(self, error: Exception) -> JournalError:
        where = "BILL_JOURNAL_URL" if self._settings.journal_url.get_secret_value() else str(self.file)
        why = str(getattr(error, "orig", None) or error) or type(error).__name__
        return JournalError(
            f"the journal ({where}) can't be used: {why.splitlines()[0]}: check that it "
            "exists, is whole, can be written, and that the disk has room"
        )


def _engine(url: URL, *, keep: bool) -> AsyncEngine:
    # Without a pool connections are short, and none outlives the event loop it was made in.
    pool: dict[str, Any] = (
        {"poolclass": AsyncAdaptedQueuePool, "pool_size": KEPT_CONNECTIONS, "max_overflow": 0}
        if keep
        else {"poolclass": NullPool}
    )
    if url.drivername == _SQLITE:
        engine = create_async_engine(url, **pool)
        event.listen(engine.sync_engine, "connect", _durable)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    # Each statement sees what was committed before it, whatever the server's own default: the lock comes first.
    waits = {"timeout": BUSY_SECONDS, "server_settings": {"lock_timeout": f"{BUSY_SECONDS * 1000:.0f}"}}
    return create_async_engine(url, isolation_level="READ COMMITTED", connect_args=waits, **pool)


async def _lock_out_others(connection: AsyncConnection, lock: str) -> None:
    """Wait for whoever writes under `lock`; SQLite has but one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:lock))"), {"lock": lock})


def _version(connection: Connection) -> int:
    """Return the version of the tables, which are made where there are none; another version's are left alone."""
    if inspect(connection).has_table(SCHEMA.name):
        found = connection.execute(select(SCHEMA.c.version)).scalar()
        return 0 if found is None else found
    metadata.create_all(connection)
    connection.execute(SCHEMA.insert().values(version=SCHEMA_VERSION))
    return SCHEMA_VERSION


def _check_private(path: Path) -> None:
    make_private_directory(path)
    if path.stat().st_mode & 0o077:
        raise JournalError(f"others can read {path}, where the journal and keys are: chmod 700 {path}")


def _durable(connection: Any, _record: object) -> None:
    # The begin below is ours: the driver's own would come only with the first write.
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL may lose the last commit when power fails: it doesn't sync the folder after the rollback journal is gone.
    cursor.execute("PRAGMA synchronous = EXTRA")
    cursor.execute("PRAGMA fullfsync = ON")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("billcom_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
