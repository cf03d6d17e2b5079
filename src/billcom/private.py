"""Files and folders that only their owner can read."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from billcom.errors import SettingsError

_OTHERS = 0o077


def keep_private(*folders: Path) -> None:
    """Make every file from now on for its owner alone, in programs started by this one too, and tighten folders.

    Of `folders`, and all that is in them, group and others lose every right. Raises SettingsError for what belongs to
    another user and can be read by others.
    """
    os.umask(_OTHERS)
    for folder in folders:
        for parent, names, files in os.walk(folder):
            for path in (Path(parent), *(Path(parent, name) for name in (*names, *files))):
                _tighten(path)


def _tighten(path: Path) -> None:
    with suppress(FileNotFoundError):  # removed meanwhile, as a database's journal is
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            return
        try:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except PermissionError:
            raise SettingsError(
                f"others can read {path}, which belongs to another user: have its owner run chmod go= {path}, or "
                "choose a folder of your own"
            ) from None


def make_private_directory(path: Path) -> None:
    """Make a folder, and every folder above it that is missing, with mode 0700; leave those that are there.

    `Path.mkdir(parents=True, mode=…)` gives the mode to the last folder alone.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is no folder: remove it, or set BILL_STATE_DIR")
