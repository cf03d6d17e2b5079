"""Files that can't be used: nothing is asked of BILL, and each problem is told where it is mended."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from openpyxl import load_workbook
from prefect.settings import get_current_settings

from billcom.errors import InputError, SheetError
from billcom.settings import Settings
from tasks.files import read_source
from tests.billcom.tables.sheets import as_csv
from tests.flows.payment_sheets import JUNE, artifact, counts, outputs, pay, put, put_bytes, row, statuses
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How old and protected workbooks begin."""


async def refused(source: str, match: str) -> None:
    """Check that a source is refused."""
    with pytest.raises(InputError, match=match) as caught:
        await read_source.fn(Settings.load(), source)
    assert not isinstance(caught.value, SheetError)


async def test_without_its_file_a_run_asks_nothing_of_bill_and_says_where_to_put_it(
    organization: Organization,
) -> None:
    where = r"source 'july\.csv': is not in .*input: put the file there, or set BILL_INPUT_DIR"
    with pytest.raises(InputError, match=where):
        await pay("july.csv")
    assert organization.requests() == []
    assert not Path("output").exists()
    assert str((await artifact("payment-run")).data).startswith(
        "# Stopped: july.csv\n\nsource 'july.csv': is not"
    )


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("july.csv", r"source 'july\.csv': is not in .*input: put the file there"),
        ("", r"source: name a file in .*input \(BILL_INPUT_DIR\)"),
        ("  ", r"source '  ': name a file in"),
        ("sub", r"source 'sub': is a folder: name the file in it"),
        ("..", r"source '\.\.': lies outside .*input"),
        ("../outside.csv", r"source '\.\./outside\.csv': lies outside .*input: put the file there"),
        ("sub/../../outside.csv", r"lies outside .*input"),
        ("link.csv", r"source 'link\.csv': lies outside .*input"),
        ("linked/outside.csv", r"lies outside .*input"),
        ("x" * 300 + ".csv", r"can't be read \(File name too long\): name a readable file in .*input"),
        ("ju\0ne.csv", r"can't be read \(.*null (byte|character).*\): name a readable file"),
    ],
)
async def test_only_a_file_of_the_input_folder_is_read(
    organization: Organization, source: str, match: str
) -> None:
    put(row())
    put_bytes(as_csv(row()), "outside.csv", folder=".")
    Path("input", "sub").mkdir()
    Path("input", "link.csv").symlink_to(Path("outside.csv").resolve())
    Path("input", "linked").symlink_to(Path.cwd())
    await refused(source, match)


async def test_an_absolute_path_is_read_below_the_input_folder_alone(organization: Organization) -> None:
    put_bytes(as_csv(row()), "outside.csv", folder=".")
    await refused(str(Path("outside.csv").resolve()), r"lies outside .*input")
    put(row())
    run = await pay(str(Path("input", JUNE).resolve()), dry_run=True)
    assert (run.name, statuses(run)) == ("june", ["planned"])


async def test_a_file_in_a_folder_of_the_input_folder_is_read(organization: Organization) -> None:
    put(row())
    Path("input", "sub").mkdir()
    Path("input", JUNE).rename(Path("input", "sub", JUNE))
    assert statuses(await pay("sub/june.csv", dry_run=True)) == ["planned"]
    assert [path.name.split("-2026")[0] for path in outputs()] == ["june-plan"]


@pytest.mark.parametrize("lock", ["~$june.csv", ".~lock.june.csv#"])
async def test_a_file_that_is_open_in_a_spreadsheet_program_is_refused(
    organization: Organization, lock: str
) -> None:
    put(row())
    Path("input", lock).touch()
    await refused(JUNE, "is open in a spreadsheet program: save and close it, then run again")


async def test_a_file_that_is_being_written_is_refused(organization: Organization) -> None:
    put(row())

    def append() -> None:
        with Path("input", JUNE).open("ab") as file:
            file.write(b"\n")

    async def write_on() -> None:
        while True:
            await asyncio.to_thread(append)
            await asyncio.sleep(0.01)

    append()
    writing = asyncio.create_task(write_on())
    await refused(JUNE, "is being written: run again when it is whole")
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing


async def test_a_file_that_was_written_just_now_is_read(organization: Organization) -> None:
    put(row())
    os.utime(Path("input", JUNE))
    assert statuses(await pay(dry_run=True)) == ["planned"]


@pytest.mark.parametrize(
    ("name", "content", "fix"),
    [
        (
            "june.xlsx",
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password: save it without one",
        ),
        ("june.xls", OLE + b"\0" * 512, "is in the old format .xls: save it as .xlsx"),
        ("june.csv", b"", "is empty: save the sheet again, with its titles in the first row"),
        ("june.csv", b"Vendor,Invoice number\r\n", "has titles and no rows: fill in at least one row"),
    ],
)
async def test_a_file_that_holds_no_sheet_is_told_so(
    organization: Organization, name: str, content: bytes, fix: str
) -> None:
    with pytest.raises(SheetError) as caught:
        await pay(put_bytes(content, name))
    assert [problem.fix for problem in caught.value.cells] == [fix]
    assert organization.requests() == []


async def test_every_problem_of_a_sheet_is_told_at_once_and_marked(organization: Organization) -> None:
    put(
        row(amount="12.345"),
        row("X-7", "-1.00", Process_date="soon"),
        {**row("X-8"), "Due date": "2026-11-01", "Routing number": "074000011"},
    )
    with pytest.raises(SheetError) as caught:
        await pay()
    places = [(problem.row, problem.column) for problem in caught.value.cells]
    assert places == [
        (2, "Amount"),
        (3, "Amount"),
        (3, "Process date"),
        (4, "Routing number"),
        (4, "Due date"),
    ]
    assert organization.requests() == []
    table = await artifact("payment-run-problems")
    told = orjson.loads(str(table.data))
    assert [(line["Row"], line["Column"]) for line in told] == [(str(r), c) for r, c in places]
    (marked,) = outputs()
    assert marked.name == "june-csv-problems-20261123-100000.xlsx"
    assert stat.S_IMODE(marked.stat().st_mode) == 0o600
    assert load_workbook(marked).sheetnames == ["Problems", "june.csv"]
    assert str(table.description).startswith("5 problems in june.csv; nothing was done. Marked copy")
    stopped = str((await artifact("payment-run")).data)
    assert stopped.startswith("# Stopped: june.csv\n\njune.csv row 2, Amount '12.345'")


def kept() -> Iterator[tuple[Path, bytes]]:
    """Yield what Prefect keeps: its database, results, and logs."""
    url = get_current_settings().server.database.connection_url
    assert url is not None
    database = Path(url.get_secret_value().split("///")[1])
    assert database.is_file()
    for folder in {get_current_settings().home, database.parent}:
        yield from ((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())


async def test_a_bank_number_is_in_its_sheet_and_its_marked_copy_and_nowhere_else(
    organization: Organization, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    numbers = {"Routing number": "322271627", "Account number": "90817263544"}
    put({**row(), **numbers, "Account type": "neither"})
    with pytest.raises(SheetError):
        await pay()
    put({**row(), **numbers, "Account number": "90817263544x"}, name="wrong number.csv")
    with pytest.raises(SheetError, match="Account number '…544x'"):
        await pay("wrong number.csv")
    put({**row(), **numbers}, name="good.csv")
    assert statuses(await pay("good.csv")) == ["done"]
    put({**row("X-7"), **numbers, "Account number": "90817263545"}, name="other.csv")
    with pytest.raises(Exception, match="1 of 1 lines need you"):
        await pay("other.csv")
    marked = [path.resolve() for path in outputs("problems")]
    assert len(marked) == 2
    shown = load_workbook(marked[0])["june.csv"]
    assert "90817263544" in {str(cell.value) for line in shown.iter_rows() for cell in line}
    everywhere = [*kept(), *((p, _inside(p)) for p in tmp_path.rglob("*") if p.is_file())]
    holding = {
        path.resolve()
        for path, content in everywhere
        if any(number.encode() in content for number in ("90817263544", "90817263545", "322271627"))
    }
    sheets = set(Path("input").resolve().iterdir())
    assert holding == {*sheets, *marked}
    assert "90817263544" not in caplog.text
    assert "322271627" not in caplog.text
    assert counts(organization) == [1, 1, 1]


def _inside(path: Path) -> bytes:
    """Return what is in a file, a workbook's cells in clear."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    cells: list[Any] = [
        cell.value for sheet in load_workbook(path) for line in sheet.iter_rows() for cell in line
    ]
    return "\n".join(map(str, cells)).encode()
