"""Files an analyst brings and takes: sheets in the input folder, workbooks in the output folder."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import count
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.errors import InputError, Problem
from billcom.private import make_private_directory
from billcom.settings import Settings
from billcom.vault import write_private

MAX_BYTES = 50_000_000
"""Bound of this project: a larger file is no sheet of payments."""

MAX_NAME = 48
"""Letters of a run's name in the name of a file: file systems take 255 bytes."""

JUST_WRITTEN_SECONDS = 2.0
_LOOK_AGAIN_SECONDS = 0.3


@task(task_run_name="read {source}", cache_policy=NO_CACHE, retries=0)
async def read_source(settings: Settings, source: str) -> bytes:
    """Return what is in a file of the input folder.

    Raises InputError for a file that isn't there, is a folder, lies outside the input folder, is open in a
    spreadsheet program, or is being written.
    """
    folder = settings.input_dir.expanduser().resolve()
    if not source.strip():
        raise _refused(source, f"name a file in {folder} (BILL_INPUT_DIR)")
    try:
        path = (folder / source).resolve()
        _check_place(path, folder, source)
        return await _read_whole(path, source)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _refused(source, f"can't be read ({reason}): name a readable file in {folder}") from error


@task(task_run_name="write {name}", cache_policy=NO_CACHE, retries=0)
async def write_output(settings: Settings, name: str, content: bytes) -> str:
    """Write a file into the output folder, readable by its owner alone; return where it is.

    A file of this name that is there, such as another organization's of the same second, stays: a number is added.
    """
    folder = settings.output_dir.expanduser().resolve()
    try:
        make_private_directory(folder)
        path = _reserved(folder / name)
        await asyncio.to_thread(write_private, path, content)
    except OSError as error:
        raise InputError(
            [
                Problem(
                    "BILL_OUTPUT_DIR",
                    str(folder),
                    f"can't be written ({error.strerror or error}): make it writable",
                )
            ]
        ) from error
    return str(path)


def _reserved(path: Path) -> Path:
    """Make the first file of this name, or of this name with a number, that is not there yet."""
    for number in count(1):
        free = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            free.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return free
    raise AssertionError  # count has no end


def output_name(run_name: str, what: str, now: datetime, suffix: str = "xlsx") -> str:
    """Return a file name for what a run leaves: its name, what it is, and when."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in run_name)
    return f"{safe[:MAX_NAME].strip('-') or 'run'}-{what}-{now:%Y%m%d-%H%M%S}.{suffix}"


def _check_place(path: Path, folder: Path, source: str) -> None:
    if not path.is_relative_to(folder):
        raise _refused(source, f"lies outside {folder}: put the file there, or set BILL_INPUT_DIR")
    if path.is_dir():
        raise _refused(source, "is a folder: name the file in it")
    if not path.is_file():
        raise _refused(source, f"is not in {folder}: put the file there, or set BILL_INPUT_DIR")
    for lock in (f"~${path.name}", f".~lock.{path.name}#"):
        if path.with_name(lock).exists():
            raise _refused(source, "is open in a spreadsheet program: save and close it, then run again")


async def _read_whole(path: Path, source: str) -> bytes:
    before = path.stat()
    if before.st_size > MAX_BYTES:
        raise _refused(source, f"has {before.st_size} bytes, the most is {MAX_BYTES}: split it")
    content = await asyncio.to_thread(path.read_bytes)
    if datetime.now().timestamp() - before.st_mtime < JUST_WRITTEN_SECONDS:  # noqa: DTZ005 (compared with a file's)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(
        content
    ) != after.st_size:
        raise _refused(source, "is being written: run again when it is whole")
    return content


def _refused(source: str, fix: str) -> InputError:
    return InputError([Problem("source", source, fix)])
