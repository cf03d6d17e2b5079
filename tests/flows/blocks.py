"""A credentials block and the machines that name it, for the tests of its remembered device."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from billcom.inputs import CodeSource
from billcom.results import ApResult
from billcom.settings import Settings
from billcom.vault import Vault
from flows.ap import ap_workflow
from tasks.blocks import BillCredentials
from tests.organization import Organization
from tests.samples import account, bill, vendor

BLOCK = "cedar-grove"
KEY = "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w="
OTHER_KEY = "0yWk0cWlWcQ6h4CE8l2Gkq5mR0Jb9m8pY3o1dT2uXvE="


def credentials(organization: Organization, **changed: Any) -> BillCredentials:
    """Return the organization's credentials as a person fills in the block."""
    return BillCredentials.model_validate(
        {"base_url": organization.base_url, **organization.credentials, **changed}
    )


@asynccontextmanager
async def saved_block(organization: Organization) -> AsyncGenerator[None]:
    """A credentials block of the organization; deleted at the end, unless the test has done so."""
    await credentials(organization).asave(BLOCK, overwrite=True)
    yield
    with suppress(ValueError):
        await BillCredentials.adelete(BLOCK)


@contextmanager
def another_machine(tmp_path: Path, key: str = KEY) -> Iterator[None]:
    """A machine that shares nothing with the first but Prefect's server: fresh state, fresh results."""
    results = tmp_path / "another" / "results"
    with (
        pytest.MonkeyPatch.context() as patch,
        temporary_settings({PREFECT_LOCAL_STORAGE_PATH: results}),
    ):
        patch.setenv("BILL_STATE_DIR", str(tmp_path / "another" / "state"))
        patch.setenv("BILL_SESSION_KEY", key)
        yield


async def pay(credentials: str = BLOCK, code_from: CodeSource = CodeSource.NOBODY) -> ApResult:
    """Pay the sample bill."""
    return await ap_workflow(vendor(), account(), bill(), code_from=code_from, credentials=credentials)


async def stored(name: str = BLOCK, secrets: bool = True) -> dict[str, Any]:
    """Return the block's document as Prefect's API hands it out."""
    async with get_client() as prefect:
        document = await prefect.read_block_document_by_name(
            name, "bill-credentials", include_secrets=secrets
        )
    return document.model_dump(mode="json")["data"]


async def secret() -> str:
    """Return the remember-me id of the block, opened with the key."""
    token = (await stored())["remembered_device"]
    return Vault(Settings.load(session_key=KEY)).decrypt(token.encode()).decode().split("\n")[3]


async def change_block(**data: str) -> None:
    """Change fields of the block as a person does under Blocks."""
    async with get_client() as prefect:
        document = await prefect.read_block_document_by_name(BLOCK, "bill-credentials")
        await prefect.update_block_document(document.id, BlockDocumentUpdate(data=data))


async def artifact(key: str) -> str:
    """Return the latest report of a flow, its one-line summary first."""
    async with get_client() as prefect:
        found = (await prefect._client.get(f"/artifacts/{key}/latest")).raise_for_status().json()
    return f"{found['description']}\n{found['data']}"


def texts(organization: Organization) -> int:
    """Return how many codes were asked for."""
    return len(organization.requests("POST", "/v3/mfa/challenge"))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged that is more than information."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
