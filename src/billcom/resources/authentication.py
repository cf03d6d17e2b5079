"""Sign-in, session details and logout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from billcom.errors import SignInError, UnavailableError
from billcom.models.base import Record
from billcom.resources.base import Resource
from billcom.session import Session

if TYPE_CHECKING:
    from billcom.client import BillClient


class SessionDetails(Record):
    """Whose session it is. `mfa_status`: DISABLED, SETUP, CHALLENGE, COMPLETE, UNDEFINED, perhaps others."""

    organization_id: str
    user_id: str
    mfa_status: str | None = None
    mfa_bypass: bool | None = None


class _SignedIn(Record):
    session_id: SecretStr
    organization_id: str
    user_id: str
    trusted: bool = False


class Authentication(Resource):
    """`client.authentication`: sessions at BILL."""

    def __init__(self, client: BillClient) -> None:
        super().__init__(client)
        self._settings = client.settings

    async def sign_in(self, device: str = "", remember_me_id: SecretStr | None = None) -> Session:
        """Sign in and return the session. BILL allows 200 sign-ins an hour.

        With `device` and its `remember_me_id` (both or neither; default: the settings') the session is
        trusted at once, unless they are dead: then `trusted` is False, no error.

        Raises SignInError when BILL refuses the credentials: don't repeat it, BILL locks users out.
        Source: BILL API reference, login.
        """
        settings = self._settings
        secret = remember_me_id or settings.remember_me_id
        remembered = {"device": device or settings.device, "rememberMeId": secret}
        body = {
            "username": settings.username,
            "password": settings.password,
            "organizationId": settings.organization_id,
            "devKey": settings.dev_key,
            **(remembered if secret.get_secret_value() else {}),
        }
        try:
            answer = await self._transport.request(
                "POST", "/v3/login", body=body, repeatable=True, with_session=False
            )
        except SignInError as error:
            who = f"user {settings.username}, organization {settings.organization_id}"
            raise error.about(f"{who}, environment {settings.environment.value}") from None
        try:
            signed_in = _SignedIn.model_validate(answer)
        except ValueError:
            raise UnavailableError("POST /v3/login: the answer holds no session. Try again later.") from None
        return Session(
            session_id=signed_in.session_id,
            organization_id=signed_in.organization_id,
            user_id=signed_in.user_id,
            trusted=signed_in.trusted,
        )

    async def session_details(self) -> SessionDetails:
        """Return whose session this is."""
        return await self._get(SessionDetails, "/v3/login/session")

    async def logout(self) -> None:
        """End the session. Never for one that others share."""
        await self._transport.request("POST", "/v3/logout", repeatable=True)
