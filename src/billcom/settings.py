"""Which BILL, whose credentials, where state lives: read from the environment and `.env`, checked at once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from billcom.clock import Clock
from billcom.errors import SettingsError
from billcom.money import Amount, display
from billcom.setting_names import ENV_FILE, PREFIX, unknown_names

MIN_TIMEOUT_SECONDS = 10.0
MAKE_KEY = (
    'make one with python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class Environment(StrEnum):
    """Which BILL is spoken to. They share nothing: neither records nor credentials."""

    LOCAL = "local"
    SANDBOX = "sandbox"
    PRODUCTION = "production"


BASE_URLS = {
    Environment.LOCAL: "http://127.0.0.1:8118/connect",
    Environment.SANDBOX: "https://gateway.stage.bill.com/connect",
    Environment.PRODUCTION: "https://gateway.prod.bill.com/connect",
}
"""Source: BILL v3 Postman collection."""

_LOCAL_CREDENTIALS = {
    "username": "demo@example.com",
    "password": "local-only",
    "organization_id": "00801LOCALDEMO000001",
    "dev_key": "01LOCALDEVKEY0000001",
}
"""What the local BILL starts with. Public: it opens nothing but a program on this machine."""


class StateSettings(BaseSettings):
    """Where this machine keeps what outlives a run, and the key it is encrypted with."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    state_dir: Path = Path("~/.local/state/billcom")
    session_key: SecretStr = SecretStr("")
    journal_url: SecretStr = SecretStr("")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment and `.env`; what is `given` by name goes before both.

        Raises SettingsError naming every missing, unknown or contradicting setting and what to do about it.
        """
        problems = unknown_names(Settings.model_fields)
        try:
            settings = cls(**given)
        except ValidationError as error:
            raise SettingsError("; ".join([*problems, *map(_explain, error.errors())])) from None
        if problems:
            raise SettingsError("; ".join(problems))
        return settings

    @field_validator("session_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            try:
                Fernet(value.get_secret_value())
            except ValueError:
                raise ValueError(f"is not a Fernet key: {MAKE_KEY}") from None
        return value

    @property
    def state_path(self) -> Path:
        """Directory of everything kept between runs; made with mode 0700 by whoever writes first."""
        return self.state_dir.expanduser()


class Settings(StateSettings):
    """Settings of one BILL organization and user. Each is the environment variable `BILL_` + its name.

    Raises SettingsError (through `load`) listing every problem at once; never shows a secret.
    """

    environment: Environment = Environment.LOCAL
    base_url: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    organization_id: str = ""
    dev_key: SecretStr = SecretStr("")
    device: str = ""
    remember_me_id: SecretStr = SecretStr("")
    allow_production: bool = False
    time_zone: str = "America/New_York"
    now: datetime | None = None
    single_machine: bool = False
    several_machines: bool = False
    settle_seconds: float = Field(default=90.0, ge=0, allow_inf_nan=False)
    resend_after_minutes: float | None = Field(default=None, ge=15, allow_inf_nan=False)
    timeout_seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    wait_for_hour: bool = False
    max_amount: Amount | None = None
    max_total: Amount | None = None
    max_vendor_total: Amount | None = None
    approval_amount: Amount | None = None
    approval_count: int | None = Field(default=None, ge=0)
    second_approval_amount: Amount | None = None
    approval_days: float = Field(default=3.0, gt=0, le=365, allow_inf_nan=False)
    input_dir: Path = Path("input")
    output_dir: Path = Path("output")

    @field_validator("environment", mode="before")
    @classmethod
    def _known_environment(cls, value: object) -> object:
        names = [e.value for e in Environment]
        if value not in names:
            raise ValueError(f"{value!r} is not an environment: use one of {', '.join(names)}")
        return value

    @field_validator("base_url")
    @classmethod
    def _one_spelling(cls, value: str) -> str:
        # Our references are digests of the address: a second spelling of it would pay twice.
        url = urlsplit(value.strip())
        try:
            port = url.port
        except ValueError:
            raise ValueError("its port is no number: write https://host/connect") from None
        if url.username or url.password:
            raise ValueError("holds a user or password: BILL_USERNAME and BILL_PASSWORD are for these")
        host = (url.hostname or "").rstrip(".")
        host = f"[{host}]" if ":" in host else host
        default = {"http": 80, "https": 443}.get(url.scheme)
        place = host if port in (None, default) else f"{host}:{port}"
        return f"{url.scheme}://{place}{url.path.rstrip('/')}" if url.scheme else value

    @field_validator("input_dir", "output_dir")
    @classmethod
    def _below_the_users_own(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError):
            raise ValueError(f"{value!r} is not a time zone: use a name such as America/New_York") from None
        return value

    @model_validator(mode="before")
    @classmethod
    def _local_defaults(cls, given: Any) -> Any:
        environment = given.get("environment") or Environment.LOCAL
        if environment == Environment.LOCAL:
            given = {**_LOCAL_CREDENTIALS, **{n: value for n, value in given.items() if not _is_empty(value)}}
        if not given.get("base_url") and environment in list(Environment):
            given = {**given, "base_url": BASE_URLS[Environment(environment)]}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._missing(), *self._contradictions()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _missing(self) -> list[str]:
        secret = {"password": self.password, "dev_key": self.dev_key}
        values = {"username": self.username, "organization_id": self.organization_id} | {
            name: value.get_secret_value() for name, value in secret.items()
        }
        return [
            f"BILL_{name.upper()} is missing: set it for environment {self.environment.value}"
            for name, value in values.items()
            if not value
        ]

    def _contradictions(self) -> list[str]:
        found: list[str] = []
        url = urlsplit(self.base_url)
        host = url.hostname or ""
        if self.environment is Environment.PRODUCTION and not self.allow_production:
            found.append(
                "BILL_ENVIRONMENT=production moves real money: set BILL_ALLOW_PRODUCTION=true as well, or "
                "use sandbox or local"
            )
        hosts = {urlsplit(url).hostname: environment for environment, url in BASE_URLS.items()}
        owner = hosts.get(host)
        if host.endswith(".bill.com") and owner is not self.environment:
            found.append(
                f"BILL_BASE_URL {self.base_url} belongs to {owner.value if owner else 'no known environment'}, "
                f"BILL_ENVIRONMENT is {self.environment.value}: change one of the two"
            )
        if (url.scheme not in ("http", "https")) or not host:
            found.append(f"BILL_BASE_URL {self.base_url!r} is not an http(s) address: correct or remove it")
        elif url.scheme == "http" and host not in _HERE:
            found.append(f"BILL_BASE_URL {self.base_url} sends credentials in clear: use https")
        elif self.environment is Environment.LOCAL and host not in _HERE:
            found.append(
                f"BILL_BASE_URL {self.base_url} is not on this machine, BILL_ENVIRONMENT is local: set "
                "BILL_ENVIRONMENT, or remove BILL_BASE_URL"
            )
        elif self.environment is not Environment.LOCAL and host in _HERE:
            found.append(
                f"BILL_BASE_URL {self.base_url} is on this machine, BILL_ENVIRONMENT is "
                f"{self.environment.value}: set BILL_ENVIRONMENT=local"
            )
        if bool(self.device) != bool(self.remember_me_id.get_secret_value()):
            found.append("BILL_DEVICE and BILL_REMEMBER_ME_ID go together: set both or neither")
        first, second = self.approval_amount, self.second_approval_amount
        if first is not None and second is not None and second < first:
            found.append(
                f"BILL_SECOND_APPROVAL_AMOUNT {display(second)} is less than BILL_APPROVAL_AMOUNT {display(first)}: "
                "raise it, or remove one of the two"
            )
        found += self._not_shared()
        found += self._unsafe()
        if self.now is not None and self.environment is not Environment.LOCAL:
            found.append("BILL_NOW sets the clock of the local environment only: remove it")
        if self.now is not None and self.now.tzinfo is None:
            found.append(f"BILL_NOW {self.now.isoformat()} has no offset: write 2026-11-23T15:00:00+00:00")
        return found

    def _not_shared(self) -> list[str]:
        """Return what several machines need to have in common and have not."""
        if not self.several_machines:
            return []
        found: list[str] = []
        if self.single_machine:
            found.append(
                "BILL_SINGLE_MACHINE and BILL_SEVERAL_MACHINES contradict each other: remove one of the two"
            )
        if not self.journal_is_shared:
            found.append(
                "BILL_JOURNAL_URL names no PostgreSQL, and BILL_SEVERAL_MACHINES is true: each machine would keep a "
                "journal of its own, and two could pay one bill; write postgresql+asyncpg://user:password@host/database"
            )
        if not self.session_key.get_secret_value():
            found.append(
                "BILL_SESSION_KEY is missing, and BILL_SEVERAL_MACHINES is true: what one machine encrypts, the others "
                f"have to read; {MAKE_KEY}, and give all of them the same"
            )
        return found

    def _unsafe(self) -> list[str]:
        """Return what would make it unsafe to move real money with these settings."""
        if self.environment is Environment.LOCAL:
            return []
        found: list[str] = []
        if self.settle_seconds < 2 * self.timeout_seconds:
            found.append(
                f"BILL_SETTLE_SECONDS {self.settle_seconds:g} is less than twice BILL_TIMEOUT_SECONDS: a request may "
                f"be under way still when it is taken for lost; set at least {2 * self.timeout_seconds:g}"
            )
        if self.timeout_seconds < MIN_TIMEOUT_SECONDS:
            found.append(
                f"BILL_TIMEOUT_SECONDS {self.timeout_seconds:g} is too short for BILL: set at least "
                f"{MIN_TIMEOUT_SECONDS:g}"
            )
        scheme = self.journal_url.get_secret_value().partition("://")[0]
        if scheme not in ("", "sqlite+aiosqlite", "postgresql+asyncpg"):
            found.append(
                "BILL_JOURNAL_URL is of no journal: write postgresql+asyncpg://user:password@host/database"
            )
        alone = not self.journal_is_shared and not self.several_machines  # the latter says so itself
        if self.environment is Environment.PRODUCTION and alone and not self.single_machine:
            found.append(
                "BILL_JOURNAL_URL names no PostgreSQL, so that only this machine keeps the journal: set it, or, "
                "when no other machine ever pays for this organization, BILL_SINGLE_MACHINE=true"
            )
        return found

    @property
    def journal_is_shared(self) -> bool:
        """Whether the journal is on PostgreSQL, so that several machines may keep it."""
        return self.journal_url.get_secret_value().startswith("postgresql")

    @cached_property
    def clock(self) -> Clock:
        """Clock of this environment: the machine's, or the one that starts at `BILL_NOW`."""
        zone = ZoneInfo(self.time_zone)
        return Clock.starting_at(self.now, zone) if self.now else Clock(zone)

    @property
    def organization_key(self) -> str:
        """Digest that tells one organization from another, whoever signs in: address and organization."""
        return hashlib.sha256(f"{self.base_url}\0{self.organization_id}".encode()).hexdigest()[:32]

    @property
    def identity(self) -> str:
        """Digest that tells one sign-in from another: address, organization, user and developer key."""
        parts = (self.base_url, self.organization_id, self.username, self.dev_key.get_secret_value())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def check_names() -> None:
    """Raise SettingsError when a `BILL_` name of the environment or `.env` is no setting."""
    if problems := unknown_names(Settings.model_fields):
        raise SettingsError("; ".join(problems))


def _is_empty(value: object) -> bool:
    return (value.get_secret_value() if isinstance(value, SecretStr) else value) in ("", None)


def _explain(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    location = ".".join(str(part) for part in error["loc"])
    return f"BILL_{location.upper()}: {message}" if location else message
