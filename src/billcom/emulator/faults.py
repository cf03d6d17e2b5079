"""Owns scripted faults: which request meets one, and what then happens to it.

Actions:
  refuse         the connection is closed without an answer; nothing was done
  act_then_drop  the request is done, then the connection is closed without an answer
  act_late       the connection is closed without an answer; the request is done `seconds` later, local time
  delay          the request is done at once and answered `seconds` later, in real time
  html_500       a 5xx with an HTML body, as a gateway gives it; the request was done when `acted` is true
  error          the error `code` with `status`; nothing was done
  sign_out       the session ends just before: 401 BDC_1109, nothing was done, and nothing is until a new sign-in
  distrust       the session loses its trust just before: 403 BDC_1361, nothing was done; MFA trusts it again
"""

from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from billcom.emulator import codes
from billcom.emulator.form import Form
from billcom.emulator.wire import Json, present

Action = Literal["refuse", "act_then_drop", "act_late", "delay", "html_500", "error", "sign_out", "distrust"]

HTML_STATUS = 502
ERROR_STATUS = 500


@dataclass
class Fault:
    """One scripted fault; it meets the `nth` request that matches and the `times - 1` after it."""

    id: int
    action: Action
    method: str = "*"
    path: str = "*"
    organization_id: str | None = None
    nth: int = 1
    times: int = 1
    seconds: float | None = None
    status: int = ERROR_STATUS
    code: str = codes.SYSTEM_ERROR
    message: str = "Scripted fault."
    acted: bool = False
    matched: int = field(default=0)

    def meets(self, method: str, path: str, organization_id: str | None) -> bool:
        """Count the request when it matches; return whether the fault strikes it."""
        if self.organization_id not in (None, organization_id):
            return False
        if self.method not in ("*", method) or not fnmatchcase(path, self.path):
            return False
        self.matched += 1
        return self.nth <= self.matched < self.nth + self.times

    def wire(self) -> Json:
        """Return the fault as the control API shows it, with the number of requests that matched so far."""
        return present(asdict(self))


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self.in_force: list[Fault] = []
        self.made = 0

    def add(self, body: object) -> Fault:
        """Read a fault from the control API and put it in force; raise 400 when it makes no sense."""
        fault = _read_fault(Form(body, strict=True), self._new_id())
        self.in_force.append(fault)
        return fault

    def _new_id(self) -> int:
        self.made += 1
        return self.made

    def clear(self) -> None:
        """Take every fault out of force."""
        self.in_force.clear()

    def remove(self, fault_id: str) -> bool:
        """Take one fault out of force; return whether there was one."""
        before = len(self.in_force)
        self.in_force = [fault for fault in self.in_force if str(fault.id) != fault_id]
        return len(self.in_force) < before

    def meet(self, method: str, path: str, organization_id: str | None) -> Fault | None:
        """Return the oldest fault that strikes the request; every matching fault counts it."""
        struck = [fault for fault in self.in_force if fault.meets(method, path, organization_id)]
        return struck[0] if struck else None

    def wire(self) -> list[Json]:
        """Return the faults as the control API lists them."""
        return [fault.wire() for fault in self.in_force]


def _read_fault(form: Form, fault_id: int) -> Fault:
    """Return the fault the form describes."""
    action = form.choice("action", get_args(Action), required=True)
    fault = Fault(fault_id, "refuse")
    fault.method = (form.text("method") or "*").upper()
    fault.path = "/" + (form.text("path") or "*").removeprefix("/connect").lstrip("/")
    fault.organization_id = form.text("organization_id")
    fault.nth = _at_least_one(form, "nth")
    fault.times = _at_least_one(form, "times")
    seconds = form.number("seconds")
    fault.seconds = None if seconds is None else float(seconds)
    status = form.number("status")
    fault.status = int(status or (HTML_STATUS if action == "html_500" else ERROR_STATUS))
    fault.code = form.text("code") or fault.code
    fault.message = form.text("message") or fault.message
    fault.acted = bool(form.flag("acted"))
    if not 400 <= fault.status <= 599:
        form.problem("status", "must be 400 to 599")
    form.check()
    fault.action = next(known for known in get_args(Action) if known == action)
    return fault


def _at_least_one(form: Form, name: str) -> int:
    """Return a count field, 1 when absent."""
    number = form.number(name)
    if number is not None and number < 1:
        form.problem(name, "must be at least 1")
    return int(number or 1)
