"""Which vendor a row of a sheet means: its name at BILL decides, and the journal must agree."""

from dataclasses import replace
from typing import Any

import pytest

from billcom.intent import Kind
from billcom.runs.lines import Status
from billcom.standing import BY_PERSON
from tests.billcom.runs.planning import MUSIC, entry, line, new_row, planned, row, said, vendor

CONFLICT = "conflict"
TWIN = "00902TWIN"
CLOSED = "Happy Music (closed, do not use)"
HOW_TO_TELL = (
    "say which one is meant, fill in BILL vendor ID, or Our account number as BILL has it; or, in BILL, rename or "
    "archive the wrong one"
)


def remembered(vendor_id: str, note: str = "") -> dict[str, Any]:
    """Return books in which the journal has the vendor under the row's name."""
    return {
        "vendor_rows": {
            "happy music": {"": replace(entry(Kind.VENDOR, "happy music", record_id=vendor_id), note=note)}
        }
    }


@pytest.mark.parametrize("name", ["Happy Music", "HAPPY  MUSIC", "Ｈappy Music"])
def test_two_vendors_of_one_name_are_a_conflict_that_names_both(name: str) -> None:
    twins = (vendor(), vendor(id=TWIN, name=name, account_number="C-4711"))
    for books in ({}, remembered(TWIN), remembered(MUSIC)):
        assert said(row(), vendors=twins, **books) == (
            CONFLICT,
            f"several vendors are named 'Happy Music' at BILL (00901MUSIC 'Happy Music', Our account number empty, "
            f"00902TWIN {name!r}, Our account number C-4711): {HOW_TO_TELL}",
        )


def test_of_two_vendors_of_one_name_account_number_or_id_decides() -> None:
    twins = (vendor(account_number="C-1"), vendor(id=TWIN, account_number="C-4711"))
    assert line(row(account_number="c-4711"), vendors=twins).party_id == TWIN
    assert line(row(account_number="C-1"), vendors=twins, **remembered(TWIN)).party_id == MUSIC
    assert line(row(vendor_id=TWIN), vendors=twins, **remembered(MUSIC)).party_id == TWIN
    same = (vendor(account_number="C-1"), vendor(id=TWIN, account_number="C-1"))
    assert line(row(account_number="C-1"), vendors=same).status is Status.CONFLICT


def test_of_two_vendors_of_one_name_the_one_a_person_chose_is_meant() -> None:
    twins = (vendor(), vendor(id=TWIN))
    assert line(row(), vendors=twins, **remembered(TWIN, BY_PERSON)).party_id == TWIN


def test_id_of_a_vendor_of_another_name_is_a_conflict() -> None:
    others = (vendor(), vendor(id=TWIN, name="Other"))
    assert said(row(vendor_id=TWIN), vendors=others)[1] == (
        "vendor 00902TWIN is 'Other' at BILL, not 'Happy Music': give the id of that vendor"
    )
    assert said(new_row(vendor_id="0099"), vendors=())[1] == "BILL has no vendor 0099: correct BILL vendor ID"


def test_renamed_vendor_whose_name_another_has_is_a_conflict_that_names_both() -> None:
    vendors = (vendor(name=CLOSED), vendor(id=TWIN))
    assert said(new_row(), vendors=vendors, **remembered(MUSIC)) == (
        CONFLICT,
        "vendor 'Happy Music' was 00901MUSIC until now, which is named 'Happy Music (closed, do not use)' at BILL; the "
        f"name belongs to 'Happy Music' (00902TWIN) there: {HOW_TO_TELL}",
    )
    assert line(row(vendor_id=TWIN), vendors=vendors, **remembered(MUSIC)).party_id == TWIN
    assert line(row(), vendors=vendors, **remembered(TWIN, BY_PERSON)).party_id == TWIN


def test_renamed_vendor_whose_name_nobody_has_is_a_conflict_and_makes_none() -> None:
    assert said(new_row(), vendors=(vendor(name=CLOSED),), **remembered(MUSIC)) == (
        CONFLICT,
        "vendor 'Happy Music' was 00901MUSIC until now, which is named 'Happy Music (closed, do not use)' at BILL, and "
        "no other vendor has the name: write the name as BILL has it, or rename the vendor in BILL",
    )
    assert line(row(vendor=CLOSED), vendors=(vendor(name=CLOSED),), **remembered(MUSIC)).party_id == MUSIC


def test_archived_vendor_whose_name_another_has_is_a_conflict_that_names_both() -> None:
    vendors = (vendor(archived=True), vendor(id=TWIN))
    status, reason = said(row(), vendors=vendors, **remembered(MUSIC))
    assert status == CONFLICT
    assert reason.startswith(
        "vendor 'Happy Music' was 00901MUSIC until now, which is archived at BILL; the name belongs to 'Happy Music' "
        "(00902TWIN) there"
    )
    status, reason = said(row(), vendors=(vendor(archived=True),), **remembered(MUSIC))
    assert (status, "is archived at BILL (00901MUSIC)" in reason) == (CONFLICT, True)


@pytest.mark.parametrize("name", ["HAPPY MUSIC", "Happy  Music", "Happy\u00a0Music", "Happy\u200b Music"])
@pytest.mark.parametrize("is_remembered", [True, False])
def test_vendor_spelled_otherwise_at_bill_is_the_vendor(name: str, *, is_remembered: bool) -> None:
    known = remembered(MUSIC) if is_remembered else {}
    only = line(row(), vendors=(vendor(name=name),), **known)
    assert (only.status, only.party_id) == (Status.PLANNED, MUSIC)


def test_second_line_of_one_bill_is_a_conflict_and_the_first_is_paid() -> None:
    twice = [item.line for item in planned(row(), row(vendor="HAPPY MUSIC", rows=(3,)))]
    assert [only.status for only in twice] == [Status.PLANNED, Status.CONFLICT]
    assert twice[1].reason == (
        "June row 2 pays the same bill: take one of the two out; to pay it twice on purpose, give each a Label of its "
        "own"
    )
