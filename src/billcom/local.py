"""What only the local BILL offers: its text messages and its count of requests."""

from __future__ import annotations

from datetime import datetime

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import UnavailableError


async def texted_code(client: BillClient, challenge_id: str) -> SecretStr:
    """Return the code texted for a challenge. Raises SettingsError outside the local environment."""
    for message in (await client.local("GET", "/_local/phone"))["texts"]:
        if message["challenge_id"] == challenge_id:
            return SecretStr(message["code"])
    raise UnavailableError(f"the local BILL texted no code for challenge {challenge_id}: ask for a new one")


async def local_time(client: BillClient) -> datetime:
    """Return what time the local BILL's own clock says it is. Raises SettingsError outside of it."""
    return datetime.fromisoformat((await client.local("GET", "/_local/clock"))["now"])


async def count_requests(client: BillClient) -> int:
    """Return how many BILL calls the local BILL has answered. Raises SettingsError outside of it."""
    return len((await client.local("GET", "/_local/requests"))["requests"])
