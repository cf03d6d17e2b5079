"""`make deploy`: the deployments, block types, automations and the work pool, registered with a Prefect server.

May be repeated: what is there is brought up to date.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import prefect
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, get_current_settings
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from billcom.errors import SettingsError
from billcom.private import keep_private
from billcom.settings import Environment, check_names
from deployments import automations, schedules
from deployments.registry import (
    FILE,
    ROOT,
    declared,
    flow_of,
    parameters_of,
    register_block_types,
    register_samples,
)

NOTIFICATIONS = "billcom-notifications"
REGISTER_SECONDS = 300


class DeploySettings(BaseSettings):
    """What registering needs to know; credentials of BILL are the workers' alone."""

    model_config = SettingsConfigDict(
        env_prefix="BILL_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    environment: Environment = Environment.LOCAL
    notify_url: SecretStr = SecretStr("")


def main() -> int:
    """Register everything; return the exit status: 1, with one line saying why, when it can't be done."""
    try:
        keep_private(get_current_settings().home)
        asyncio.run(deploy())
    except SettingsError as error:
        print(f"make deploy: {error}", file=sys.stderr)
        return 1
    except PrefectHTTPStatusError as error:
        said = f"{error.request.method} {error.request.url.path} {error.response.status_code}"
        print(f"make deploy: Prefect's server refused {said}: look at its log, run again", file=sys.stderr)
        return 1
    return 0


async def deploy() -> None:
    """Register everything for the environment. Raises SettingsError saying what to mend; what was done stays."""
    settings = _settings()
    await check_schedules(settings.environment)
    async with prefect_server() as client:
        pools = await _make_pools(client, {d["work_pool"]["name"] for d in declared(settings.environment)})
        await register_block_types()
        _register_deployments(settings.environment)
        if settings.environment is Environment.LOCAL:
            await _fill_forms(client)
    told = await _register_automations(settings.notify_url)
    _show(settings.environment, pools, told)


async def check_schedules(environment: Environment) -> None:
    """Raise SettingsError when a schedule can't be read, or starts no run any more."""
    for deployment in declared(environment):
        for schedule in deployment.get("schedules", []):
            try:
                await schedules.check(schedule)
            except SettingsError as error:
                where = f"{FILE.name}, {deployment['name']} of {deployment['entrypoint']}"
                raise SettingsError(f"{where}: {error}; nothing was registered") from None


@asynccontextmanager
async def prefect_server() -> AsyncGenerator[PrefectClient]:
    """A client of the Prefect server to register with. Raises SettingsError when none answers, or another version."""
    address = PREFECT_API_URL.value()
    if not address:  # Prefect would start a server of its own
        raise SettingsError(
            "PREFECT_API_URL is not set: say which Prefect server, such as http://127.0.0.1:4200/api"
        )
    async with get_client() as client:
        await _check_version(client, address)
        yield client


async def _check_version(client: PrefectClient, address: str) -> None:
    if (failure := await client.api_healthcheck()) is not None:
        raise SettingsError(
            f"PREFECT_API_URL {address}: no Prefect server answers there ({type(failure).__name__}): start it, or "
            "correct the address"
        )
    try:
        version = await client.api_version()
    except Exception as error:  # noqa: BLE001 (a refusal comes in many shapes)
        raise SettingsError(
            f"PREFECT_API_URL {address}: the server refused to answer ({type(error).__name__}): set "
            "PREFECT_API_AUTH_STRING to what the server has as PREFECT_SERVER_API_AUTH_STRING"
        ) from None
    if version != prefect.__version__:
        raise SettingsError(
            f"the Prefect server at {address} is {version}, Prefect here {prefect.__version__}: nothing was done. Run "
            "the server from the same checkout or image, or install the server's version here"
        )


async def _make_pools(client: PrefectClient, names: set[str]) -> list[str]:
    """Make the work pools that are missing, of processes; a pool of another kind is left as it is."""
    kinds: list[str] = []
    for name in sorted(names):
        try:
            pool = await client.read_work_pool(name)
        except ObjectNotFound:
            pool = await client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        kinds.append(f"{name} ({pool.type})")
    return kinds


def _register_deployments(environment: Environment) -> None:
    """Have Prefect's own command register `prefect.yaml`."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(FILE)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"BILL_ENVIRONMENT": environment.value, "PREFECT_API_URL": PREFECT_API_URL.value()},
        capture_output=True,
        text=True,
        timeout=REGISTER_SECONDS,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise SettingsError(f"prefect deploy failed: {said[-1] if said else 'without a word'}")


async def _fill_forms(client: PrefectClient) -> None:
    """Fill the local BILL's forms with samples."""
    forms = await register_samples()
    for deployment in declared(Environment.LOCAL):
        if filled := parameters_of(deployment, forms):
            known = await client.read_deployment_by_name(f"{flow_of(deployment).name}/{deployment['name']}")
            await client.update_deployment(known.id, DeploymentUpdate(parameters=filled))


async def _register_automations(url: SecretStr) -> str:
    """Register the automations; return who is told of failed runs, in words that give no address away."""
    await automations.register(automations.recovery())
    if not url.get_secret_value():
        with suppress(ValueError):
            await SlackWebhook.aload(NOTIFICATIONS)
            return f"block {NOTIFICATIONS}, as before"
        return "nobody (set BILL_NOTIFY_URL and register again)"
    # Prefect's server has to know the block's class; this one passes any address of Apprise's on, whatever its name.
    block_id = await SlackWebhook(url=url).asave(NOTIFICATIONS, overwrite=True)
    await automations.register(automations.notification(block_id))
    return f"block {NOTIFICATIONS}"


def _settings() -> DeploySettings:
    check_names()
    try:
        settings = DeploySettings()
    except ValidationError as error:
        said = error.errors()[0]
        raise SettingsError(
            f"BILL_{str(said['loc'][0]).upper()}: use one of {', '.join(e.value for e in Environment)}"
        ) from None
    url = settings.notify_url.get_secret_value()
    if url and not _is_known_to_apprise(url):
        raise SettingsError(
            "BILL_NOTIFY_URL is no address Apprise knows: write such as mailto://user:password@example.com, "
            "slack://token…, or a webhook of Teams; nothing was registered"
        )
    return settings


def _is_known_to_apprise(url: str) -> bool:
    from apprise import Apprise

    logging.disable()  # it would log the address, password included
    try:
        return Apprise().add(url)
    finally:
        logging.disable(logging.NOTSET)


def _show(environment: Environment, pools: list[str], told: str) -> None:
    names = [f"{flow_of(d).name}/{d['name']}" for d in declared(environment)]
    print(f"{len(names)} deployments for {environment.value}, work pool {', '.join(pools)}:")
    for name in sorted(names):
        print(f"  {name}")
    print(f"Dead and stuck runs are started again. Of failed runs is told: {told}.")
    print("Start a worker: make worker")


if __name__ == "__main__":
    sys.exit(main())
