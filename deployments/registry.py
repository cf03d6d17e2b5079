"""The deployments of `prefect.yaml`, for whoever serves them; the local BILL's sample blocks and filled-in forms."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType
from pydantic import BaseModel

from billcom.settings import Environment, Settings
from deployments import samples, schedules
from tasks.blocks import BillBankAccount, BillCredentials

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).with_name("prefect.yaml")
CREDENTIALS = "local-bill"
VENDOR_ACCOUNT = "happy-music-supplies"
CUSTOMER_ACCOUNT = "cedar-grove-school"


def content(environment: Environment) -> dict[str, Any]:
    """Return `prefect.yaml`, its deployments named for this environment."""
    text = FILE.read_text(encoding="utf-8").replace("{{ $BILL_ENVIRONMENT }}", environment.value)
    return yaml.safe_load(text)


def declared(environment: Environment) -> list[dict[str, Any]]:
    """Return the deployments of `prefect.yaml`, named for this environment."""
    return content(environment)["deployments"]


async def served(environment: Environment, forms: dict[str, dict[str, Any]]) -> list[RunnerDeployment]:
    """Return the deployments, to be served in this process. `forms`: parameters by the entrypoint's function."""
    return [
        await flow_of(deployment).ato_deployment(
            deployment["name"],
            description=deployment["description"],
            tags=deployment["tags"],
            parameters=parameters_of(deployment, forms),
            entrypoint_type=EntrypointType.MODULE_PATH,
            schedules=[schedules.to_serve(s) for s in deployment.get("schedules", [])],
        )
        for deployment in declared(environment)
    ]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    """Return the flow of a declared deployment."""
    path, name = deployment["entrypoint"].split(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


def full_name(deployment: dict[str, Any]) -> str:
    """Return `flow/name` of a declared deployment, as Prefect's API and command line take it."""
    return f"{flow_of(deployment).name}/{deployment['name']}"


def parameters_of(deployment: dict[str, Any], forms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a deployment's form is filled with: as declared, and with a sample where there is one."""
    return forms.get(deployment["entrypoint"].split(":")[1], {}) | deployment.get("parameters", {})


async def register_block_types() -> None:
    """Make both block types known to Prefect's server; may be repeated."""
    await BillCredentials.aregister_type_and_schema()
    await BillBankAccount.aregister_type_and_schema()


async def register_samples() -> dict[str, dict[str, Any]]:
    """Save the sample blocks of the local BILL; return sample parameters by the name of their flow's function.

    May be repeated: samples are overwritten, nothing else is touched.
    """
    settings = Settings.load()
    credentials = BillCredentials(
        environment=settings.environment,
        username=settings.username,
        password=settings.password,
        organization_id=settings.organization_id,
        dev_key=settings.dev_key,
        base_url=settings.base_url,
    )
    await credentials.asave(CREDENTIALS, overwrite=True)
    vendor_account = await samples.vendor_account().asave(VENDOR_ACCOUNT, overwrite=True)
    customer_account = await samples.customer_account().asave(CUSTOMER_ACCOUNT, overwrite=True)
    today = settings.clock.today()
    return {
        "ap_workflow": {
            "vendor": _plain(samples.VENDOR),
            "bank_account": _reference(vendor_account),
            "bill": _plain(samples.bill(today)),
        },
        "ar_workflow": {
            "customer": _plain(samples.CUSTOMER),
            "bank_account": _reference(customer_account),
            "invoice": _plain(samples.invoice(today)),
            "charge": _plain(samples.CHARGE),
        },
    }


def _plain(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_none=True)


def _reference(block_id: object) -> dict[str, Any]:
    return {"$ref": {"block_document_id": str(block_id)}}
