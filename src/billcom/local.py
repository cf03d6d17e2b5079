"""What only the local BILL offers: its text messages and its count of requests."""

from __future__ import annotations

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import UnavailableError


async def texted_code(client: BillClient, challenge_id: str) -> SecretStr:
    """Return the code texted for a challenge. Raises SettingsError outside the local environment."""
    for message in (await client.local("GET", "/_local/phone"))["texts"]:
        if message["challenge_id"] == challenge_id:
            return SecretStr(message["code"])
    raise UnavailableError(f"the local BILL texted no code for challenge {challenge_id}: ask for a new one")


async def count_requests(client: BillClient) -> int:
    """Return how many BILL calls the local BILL has answered. Raises SettingsError outside of it."""
    return len((await client.local("GET", "/_local/requests"))["requests"])
