"""Encryption of what has to be on disk: the session, the remembered device. The key never goes with it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from billcom.errors import SettingsError
from billcom.private import make_private_directory
from billcom.settings import MAKE_KEY, StateSettings

_KEY_FILE = "session.key"


class Vault:
    """Encrypts with `BILL_SESSION_KEY`, or with a key file (0600) of the state directory, made on first use."""

    def __init__(self, settings: StateSettings) -> None:
        self._settings = settings

    def encrypt(self, clear: bytes) -> bytes:
        """Return `clear` encrypted, as ASCII."""
        return self._fernet().encrypt(clear)

    def decrypt(self, token: bytes) -> bytes:
        """Return what was encrypted. Raises SettingsError when the key is another one."""
        try:
            return self._fernet().decrypt(token)
        except InvalidToken:
            raise SettingsError(
                "BILL_SESSION_KEY (or the key file of the state directory) is not the key this was encrypted "
                "with: restore the key, or sign in and enrol the device again"
            ) from None

    def _key(self) -> bytes:
        given = self._settings.session_key.get_secret_value()
        return given.encode() if given else _read_or_make_key(self._settings.state_path)

    def _fernet(self) -> Fernet:
        try:
            return Fernet(self._key())
        except ValueError:
            raise SettingsError(f"BILL_SESSION_KEY is not a Fernet key: {MAKE_KEY}") from None


def _read_or_make_key(directory: Path) -> bytes:
    path = directory / _KEY_FILE
    with suppress(FileNotFoundError):
        return path.read_bytes()
    make_private_directory(directory)
    write_private(draft := directory / f"{_KEY_FILE}.{secrets.token_hex(8)}", Fernet.generate_key())
    # A link is all or nothing: of two processes that make a key at once, both read the first one's.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    make_private_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
