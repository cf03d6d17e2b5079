"""`python -m deployments.secrets`: makes `deployments/secrets.env`, the passwords and keys of the service, once."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet

FILE = Path(__file__).with_name("secrets.env")


def main() -> int:
    """Write the file, for its owner's eyes alone; return 1, and leave it, when there is one."""
    try:
        descriptor = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(
            f"{FILE.name} is there already, and what it encrypted needs it: nothing was done", file=sys.stderr
        )
        return 1
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content())
    print(f"{FILE.name} is written: copy it to every machine of the service, and keep it as a password")
    return 0


def content() -> str:
    """Return new secrets, a line each."""
    database, server = secrets.token_urlsafe(24), f"billcom:{secrets.token_urlsafe(24)}"
    values = {
        "POSTGRES_PASSWORD": database,
        "PGPASSWORD": database,
        "PREFECT_SERVER_DATABASE_PASSWORD": database,
        "PREFECT_SERVER_API_AUTH_STRING": server,
        "PREFECT_API_AUTH_STRING": server,
        "BILL_SESSION_KEY": Fernet.generate_key().decode(),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main())
