"""Owns sign-in state: live sessions, MFA challenges, phones being set up, and the texts sent for them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billcom.emulator import codes, ids
from billcom.emulator.clock import iso
from billcom.emulator.errors import BillError, not_found, refuse
from billcom.emulator.organization import Organization
from billcom.emulator.records.users import Phone, User
from billcom.emulator.requests import digest
from billcom.emulator.wire import Json

IDLE_MINUTES = 35  # Source: BILL docs, BILL keys & tokens
CODE_MINUTES = 5  # Unverified: codes were seen to expire "in minutes".
CODE_DIGITS = 6  # Source: BILL API reference, generate challenge
WRONG_CODES_ALLOWED = 5  # Unverified: how many wrong codes make BDC_1358.


@dataclass
class Session:
    """A sign-in, alive until it was idle for 35 minutes; `trusted` once MFA vouched for it."""

    id: str
    organization: Organization
    user: User
    dev_key: str
    trusted: bool
    last_used: datetime
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Work the digest out once."""
        self.digest = digest(self.id)


@dataclass
class Challenge:
    """A code sent by text: to trust a session, or to prove a phone that is being set up."""

    id: str
    user: User
    phone: Phone
    code: str
    expires: datetime
    wrong_codes: int = 0


@dataclass
class Text:
    """One text message, as the local phone received it."""

    time: datetime
    phone_last_four: str
    code: str
    challenge_id: str
    organization_id: str

    def wire(self) -> Json:
        """Return the message as the control API shows it."""
        return {
            "time": iso(self.time),
            "phone": self.phone_last_four,
            "code": self.code,
            "challenge_id": self.challenge_id,
            "organization_id": self.organization_id,
        }


class Sessions:
    """The live sessions and open challenges. `mfa_code` fixes every code, for tests."""

    def __init__(self, mfa_code: str | None) -> None:
        self._mfa_code = mfa_code
        self.live: dict[str, Session] = {}
        self.challenges: dict[str, Challenge] = {}
        self.texts: list[Text] = []

    def open(self, organization: Organization, user: User, now: datetime, *, trusted: bool) -> Session:
        """Start a session with the user's dev key."""
        session = Session(ids.session_id(), organization, user, user.dev_key, trusted, now)
        self.live[session.id] = session
        return session

    def close(self, session: Session) -> None:
        """End a session."""
        self.live.pop(session.id, None)

    def peek(self, session_id: str | None) -> Session | None:
        """Return a session without looking whether it expired, and without keeping it alive."""
        return self.live.get(session_id or "")

    def use(self, session_id: str | None, dev_key: str | None, now: datetime) -> Session:
        """Return a live session of this dev key, its 35 minutes begun anew; raise 401 BDC_1109 otherwise."""
        session = self.peek(session_id)
        if session and now - session.last_used >= timedelta(minutes=IDLE_MINUTES):
            self.close(session)
            session = None
        if session is None or session.dev_key != dev_key:
            raise refuse(codes.INVALID_SESSION, "Session is invalid. Please log in.", 401)
        session.last_used = now
        return session

    def send_code(self, user: User, phone: Phone, now: datetime, *, budget: int) -> Challenge:
        """Text a fresh code; raise 422 when the last minute's texts used the organization's budget up."""
        since = now - timedelta(minutes=1)
        recent = [text for text in self.texts if text.time > since]
        if sum(text.organization_id == user.organization_id for text in recent) >= budget:
            raise refuse(codes.TEXT_LIMIT, f"Max number of texts per minute reached: {budget}.")
        code = self._mfa_code or ids.random_digits(CODE_DIGITS)
        challenge = Challenge(ids.random_text(32), user, phone, code, now + timedelta(minutes=CODE_MINUTES))
        self.challenges[challenge.id] = challenge
        self.texts.append(Text(now, phone.last_four, code, challenge.id, user.organization_id))
        return challenge

    def answer(self, challenge_id: str, code: str, user: User, now: datetime) -> Challenge:
        """Return the challenge a right code answers, once; raise when unknown, expired or answered wrong."""
        challenge = self.challenges.get(challenge_id)
        if challenge is None or challenge.user is not user:
            raise not_found("MFA challenge", challenge_id)
        if challenge.wrong_codes >= WRONG_CODES_ALLOWED:
            raise _refuse_code(codes.TOO_MANY_MFA_ATTEMPTS, "Too many attempts. Request a new challenge.")
        if now >= challenge.expires:
            raise _refuse_code(codes.MFA_CODE_EXPIRED, "The two-step code has expired.")
        if code != challenge.code:
            challenge.wrong_codes += 1
            raise _refuse_code(codes.MFA_CODE_WRONG, "The two-step code does not match.")
        del self.challenges[challenge_id]
        return challenge


def _refuse_code(code: str, message: str) -> BillError:
    """Return the refusal of a code. Unverified: the status; sources say 4xx."""
    return refuse(code, message, 400)
