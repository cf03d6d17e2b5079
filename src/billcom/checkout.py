"""Where a run finds its flows: the folder that a worker names in BILLCOM_HOME. A pull step of `prefect.yaml`."""

from __future__ import annotations

import os
from pathlib import Path

from billcom.errors import SettingsError

VARIABLE = "BILLCOM_HOME"


def enter() -> dict[str, str]:
    """Make the checkout the working directory; return it as Prefect's pull steps do.

    Raises SettingsError when BILLCOM_HOME is missing, or names a folder without flows.
    """
    home = os.environ.get(VARIABLE, "").strip()
    remedy = "start the worker with make worker, which sets it, or set it to the folder that holds flows/"
    if not home:
        raise SettingsError(f"{VARIABLE} is not set where this worker runs: {remedy}; then retry the run")
    folder = Path(home).expanduser()
    if not (folder / "flows").is_dir():
        raise SettingsError(f"{VARIABLE} {home!r} holds no folder flows/: {remedy}; then retry the run")
    os.chdir(folder)
    return {"directory": str(folder.resolve())}
