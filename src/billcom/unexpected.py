"""What is told of an exception that no part of the program expects: its class and message, never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import SecretStr, ValidationError

from billcom.settings import Settings

MAX_LENGTH = 300

# Session ids, keys and codes are long; bank numbers are digits alone.
_LONG = re.compile(r"[A-Za-z0-9_+/=-]{24,}")
_NUMBER = re.compile(r"(?<![\w.-])\d{5,}(?![\w-])")


def describe_unexpected(error: BaseException, settings: Settings, secrets: Iterable[str] = ()) -> str:
    """Return class and message on one line; secrets of the settings, `secrets` and what may be one are masked."""
    if isinstance(error, ValidationError):
        # Its own text repeats the values.
        fields = [
            (".".join(map(str, item["loc"])), item["msg"]) for item in error.errors(include_input=False)
        ]
        text = f"{error.title}: " + "; ".join(f"{where} {message}" for where, message in fields)
    else:
        text = " ".join(str(error).split())
    own = (getattr(settings, name) for name in type(settings).model_fields)
    known = {value.get_secret_value() for value in own if isinstance(value, SecretStr)} | set(secrets)
    text = _NUMBER.sub("…", _LONG.sub("…", text))
    for secret in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(secret, "…")
    return f"{type(error).__name__}: {text[:MAX_LENGTH]}" if text else type(error).__name__
