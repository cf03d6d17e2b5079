"""Owns users: their phones, and the devices BILL remembers for them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billcom.emulator.wire import Json

REMEMBERED_DAYS = 30  # Source: BILL API reference, login
# Unverified: the limit; BILL refused a device name of 49 characters and took one of 19.
LONGEST_DEVICE = 20
PAYING_ROLES = frozenset({"ADMINISTRATOR", "PAYER"})
APPROVING_ROLES = frozenset(
    {"ADMINISTRATOR", "ACCOUNTANT", "APPROVER"}
)  # Source: BILL docs, Bill approvals workflow
# Source: BILL's collection and third-party clients, put together.
ROLES = (
    "ADMINISTRATOR", "ACCOUNTANT", "APPROVER", "PAYER", "CLERK", "MEMBER", "PARTNER", "PURCHASE_REQUESTER",
    "CUSTOM", "AUDITOR",
)  # fmt: skip


@dataclass
class Phone:
    """A phone that codes are texted to."""

    number: str
    primary: bool
    type: str = "MOBILE"

    @property
    def last_four(self) -> str:
        """The digits that may be shown."""
        return self.number[-4:]

    def wire(self) -> Json:
        """Return the phone as BILL lists it."""
        return {"type": self.type, "last4digits": self.last_four, "primary": self.primary}


@dataclass(frozen=True)
class RememberedDevice:
    """A `rememberMeId`, the device it is bound to, and when it dies."""

    id: str
    device: str
    expires: datetime


@dataclass
class User:
    """Someone who signs in to one organization."""

    id: str
    username: str
    password: str
    organization_id: str
    dev_key: str
    role: str = "ADMINISTRATOR"
    full_name: str = "Local Administrator"
    phones: list[Phone] = field(default_factory=list[Phone])
    remembered: dict[str, RememberedDevice] = field(default_factory=dict[str, RememberedDevice])

    @property
    def may_pay(self) -> bool:
        """Whether the user's role may pay. Source: BILL v2 docs."""
        return self.role in PAYING_ROLES

    @property
    def may_approve(self) -> bool:
        """Whether the user's role may be an approver, and use the bill approval endpoints."""
        return self.role in APPROVING_ROLES

    @property
    def phone(self) -> Phone | None:
        """The phone codes go to: the primary one, else the first."""
        return next((phone for phone in self.phones if phone.primary), next(iter(self.phones), None))

    def remember(self, remember_me_id: str, device: str, now: datetime) -> None:
        """Remember a device for 30 days."""
        expires = now + timedelta(days=REMEMBERED_DAYS)
        self.remembered[remember_me_id] = RememberedDevice(remember_me_id, device, expires)

    def knows(self, remember_me_id: str, device: str, now: datetime) -> bool:
        """Return whether the pair is live: known, on the device it is bound to, and not expired."""
        known = self.remembered.get(remember_me_id)
        return known is not None and known.device == device and now < known.expires
