"""`make up` and `make demo` are alone: no setting for another Prefect reaches them, nobody else reads their files."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from billcom.private import keep_private, make_private_directory

ROOT = Path(__file__).resolve().parents[1]

OPTIONS = argparse.ArgumentParser(add_help=False)
OPTIONS.add_argument(
    "--folder", type=Path, default=ROOT / ".local", help="where everything is kept; .local unless given"
)

_OWN = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def leave_others_out() -> None:
    """Have this process, and those it starts, use a Prefect of their own in the folder of `--folder`.

    To be called before Prefect is imported, which reads its settings then: from the environment, of which every
    `PREFECT_` name is removed; from a profile; and from `.env`, `prefect.toml` and `pyproject.toml` of the current
    folder, so the current folder becomes that of `--folder`, which nobody else writes to.
    """
    folder: Path = OPTIONS.parse_known_args()[0].folder.absolute()
    for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
        del os.environ[name]
    prefect = folder / "prefect"
    os.environ |= _OWN | {
        "PREFECT_HOME": str(prefect),
        "PREFECT_PROFILES_PATH": str(prefect / "profiles.toml"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    make_private_directory(prefect)
    keep_private(folder)
    os.chdir(folder)
