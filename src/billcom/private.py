"""Folders that only their owner can look into."""

from __future__ import annotations

from pathlib import Path


def make_private_directory(path: Path) -> None:
    """Make a folder, and every folder above it that is missing, with mode 0700; leave those that are there.

    `Path.mkdir(parents=True, mode=…)` gives the mode to the last folder alone.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is no folder: remove it, or set BILL_STATE_DIR")
