"""Owns the switches: each point on which BILL's behaviour is not known, with its default."""

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | bool

REQUESTS_PER_HOUR = 20_000  # Source: BILL docs, API rate limits
LOGINS_PER_HOUR = 200  # Source: BILL docs, API rate limits
CONCURRENT_REQUESTS = 3  # Source: BILL docs, API rate limits
TEXTS_PER_MINUTE = 5  # Source: BILL docs, API rate limits


@dataclass(frozen=True)
class Rule:
    """One switch: what it is about, its values, and the one least helpful to a client."""

    about: str
    default: Value
    permissive: Value
    choices: tuple[str, ...] = ()


_ACCEPT_REFUSE = ("accept", "refuse")

RULES: dict[str, Rule] = {
    "duplicate_bill_number": Rule(
        "same vendor, same invoice.invoiceNumber; refuse is 422 BDC_1171", "accept", "accept", _ACCEPT_REFUSE
    ),
    "duplicate_invoice_number": Rule(
        "same invoiceNumber in one organization; refuse is 422 BDC_1171", "refuse", "accept", _ACCEPT_REFUSE
    ),
    "duplicate_transaction_number": Rule(
        "a payment's transactionNumber used before", "accept", "accept", _ACCEPT_REFUSE
    ),
    "overpayment": Rule(
        "an amount over what is due and not yet scheduled", "refuse", "accept", _ACCEPT_REFUSE
    ),
    "pay_unapproved": Rule("a bill with an unfinished approval policy", "refuse", "accept", _ACCEPT_REFUSE),
    "overcharge": Rule("a charge over the invoice's open amount", "refuse", "accept", _ACCEPT_REFUSE),
    "charge_needs_mfa": Rule("whether charging needs a trusted session", False, False),
    "list_delay_ms": Rule("how long a new record is missing from lists", 0, 3000),
    "archived_rows": Rule(
        "whether lists show archived rows when no filter names archived", "shown", "hidden", ("shown", "hidden")
    ),
    "bulk_transaction_number": Rule(
        "which payments of a bulk request carry its reference", "every", "first", ("every", "first")
    ),
    "late_act_ms": Rule("how much later an act_late fault acts when it names no seconds", 0, 0),
    "unconfirmed_filters": Rule(
        "filter fields no source confirms", "refuse", "refuse", _ACCEPT_REFUSE
    ),
    "validate_trusts_session": Rule("whether MFA validate alone trusts the session", False, False),
    "new_vendor_bank_days": Rule("banking days before a new vendor account can be paid", 0, 0),
    "customer_bank_feature": Rule(
        "whether BILL switched customer bank accounts on for the organization", "on", "on", ("on", "off")
    ),
    "customer_bank_verification": Rule(
        "when a customer bank account becomes usable", "immediate", "immediate", ("immediate", "manual")
    ),
    "payment_progress": Rule(
        "what moves payments and charges on: the clock, or control calls alone", "clock", "clock",
        ("clock", "manual"),
    ),
    "text_budget": Rule("texts a minute and organization", TEXTS_PER_MINUTE, TEXTS_PER_MINUTE),
    "strict_fields": Rule("unknown request fields", "accept", "accept", _ACCEPT_REFUSE),
    "latency_ms": Rule("how long each request takes to answer, in real time", 0, 0),
    "requests_per_hour": Rule("requests an hour and dev key", REQUESTS_PER_HOUR, REQUESTS_PER_HOUR),
    "logins_per_hour": Rule("sign-ins an hour and dev key", LOGINS_PER_HOUR, LOGINS_PER_HOUR),
    "concurrent_requests": Rule(
        "requests at once, per dev key and organization", CONCURRENT_REQUESTS, CONCURRENT_REQUESTS
    ),
}  # fmt: skip

PRESETS = ("default", "permissive")


class Rules:
    """The switches' present values."""

    def __init__(self, values: Mapping[str, Value] | None = None, *, permissive: bool = False) -> None:
        self._values: dict[str, Value] = {}
        self.preset("permissive" if permissive else "default")
        self.update(values or {})

    def preset(self, name: str) -> None:
        """Set every rule to its `default` or its `permissive` value; raise ValueError on another name."""
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}; use one of {', '.join(PRESETS)}")
        permissive = name == "permissive"
        self._values = {key: rule.permissive if permissive else rule.default for key, rule in RULES.items()}

    def update(self, values: Mapping[str, Value]) -> None:
        """Set several rules; raise ValueError, changing none, when a name or a value is not known."""
        self._values |= {name: parse_value(name, value) for name, value in values.items()}

    def accepts(self, name: str) -> bool:
        """Return whether an accept/refuse rule stands at accept."""
        return self._values[name] == "accept"

    def flag(self, name: str) -> bool:
        """Return a rule that is true or false."""
        return self._values[name] is True

    def number(self, name: str) -> int:
        """Return a rule that is a count or a number of milliseconds."""
        return int(self._values[name])

    def choice(self, name: str) -> str:
        """Return a rule that is one of a few words."""
        return str(self._values[name])

    def values(self) -> dict[str, Value]:
        """Return every rule with its present value."""
        return dict(self._values)


def parse_value(name: str, value: Value) -> Value:
    """Return the value, read from text where needed, that a rule can take; raise ValueError when it can't."""
    rule = RULES.get(name)
    if rule is None:
        raise ValueError(f"unknown rule {name!r}; known: {', '.join(RULES)}")
    if rule.choices:
        return _parse_choice(name, value, rule.choices)
    if isinstance(rule.default, bool):
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f"{name} is true or false, not {value!r}")
        return str(value).lower() == "true"
    if not str(value).isdecimal():
        raise ValueError(f"{name} is a whole number of at least 0, not {value!r}")
    return int(value)


def _parse_choice(name: str, value: Value, choices: tuple[str, ...]) -> str:
    """Return the value when it is one of the rule's words."""
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")
    return str(value)
