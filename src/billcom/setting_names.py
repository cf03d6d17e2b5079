"""Names of settings: a name that begins with `BILL_` and is no setting is refused, for it would set nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from dotenv import dotenv_values

PREFIX = "BILL_"
ENV_FILE = ".env"
_OTHERS = ("notify_url", "webhook_base_url")
"""Known beside the settings: what registering alone reads, and what `billcom emulator` prints with its credentials."""


def unknown_names(fields: Iterable[str]) -> list[str]:
    """Return a sentence for each `BILL_` name, of the environment or `.env`, that is no setting. Shows no value.

    `fields` are the names of the settings in lower case, without the prefix. As in the settings themselves, case
    does not matter.
    """
    known = sorted(name.upper() for name in (*fields, *_OTHERS))
    return [
        *_explained(os.environ, "", known),
        *_explained(dotenv_values(ENV_FILE), f" in {ENV_FILE}", known),
    ]


def _explained(names: Iterable[str], where: str, known: list[str]) -> Iterator[str]:
    for name in sorted(names):
        setting = name.upper().removeprefix(PREFIX)
        if not name.upper().startswith(PREFIX) or setting in known:
            continue
        near = get_close_matches(setting, known, n=1)
        remedy = (
            f"did you mean {PREFIX}{near[0]}?"
            if near
            else f"remove it; {ENV_FILE}.example lists all settings"
        )
        yield f"{name}{where} is not a setting: {remedy}"
