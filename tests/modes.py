"""Which files of a folder somebody else could read."""

from __future__ import annotations

from pathlib import Path


def loose(folder: Path) -> list[str]:
    """Return what of a folder, itself included, group or others have any right to. The folder must exist."""
    assert folder.is_dir()
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if path.lstat().st_mode & 0o077 and not path.is_symlink()]
