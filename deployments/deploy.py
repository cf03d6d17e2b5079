"""`make deploy`: the deployments, block types, automations and the work pool, registered with a Prefect server.

May be repeated: what is there is brought up to date, what `prefect.yaml` declares no more is removed, and what a person
has paused stays paused. It fails when Prefect's server plans no run for a schedule.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import prefect
import yaml
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, get_current_settings
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from billcom.errors import SettingsError
from billcom.private import keep_private
from billcom.settings import Environment, check_names
from deployments import automations, leftovers, planned, schedules
from deployments.planned import Plan
from deployments.registry import (
    FILE,
    ROOT,
    content,
    declared,
    full_name,
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
    environment = settings.environment
    await check_schedules(environment)
    wanted = {full_name(deployment): deployment for deployment in declared(environment)}
    async with prefect_server() as client:
        pools = await _make_pools(client, {d["work_pool"]["name"] for d in wanted.values()})
        await register_block_types()
        before = await planned.registered(client, environment)
        await leftovers.protect_schedules(client, [before[name] for name in wanted if name in before])
        _register_deployments(environment, paused={name for name, known in before.items() if known.paused})
        changes = await leftovers.remove(client, before, wanted)
        forms = await register_samples() if environment is Environment.LOCAL else {}
        await _fill_forms(client, wanted, forms)
        changes += _restored_parameters(before, wanted, forms)
        told = await _register_automations(settings.notify_url)
        changes += await leftovers.remove_automations(_automation_names())
        plans, seconds = await planned.wait_for_plans(client, environment, list(wanted))
    _show(environment, pools, told, plans, changes)
    if missing := [plan for plan in plans if plan.is_missing]:
        raise SettingsError(_says_who_plans_nothing(missing, seconds))


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


def _register_deployments(environment: Environment, paused: Collection[str]) -> None:
    """Have Prefect's own command register `prefect.yaml`, with those deployments paused that are paused now.

    The command makes every deployment active that its file does not say is paused.
    """
    file = content(environment)
    for deployment in file["deployments"]:
        if full_name(deployment) in paused:
            deployment["paused"] = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE.name
        path.write_text(yaml.safe_dump(file, sort_keys=False), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "prefect",
            "--no-prompt",
            "deploy",
            "--all",
            "--prefect-file",
            str(path),
        ]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ
            | {"BILL_ENVIRONMENT": environment.value, "PREFECT_API_URL": PREFECT_API_URL.value()},
            capture_output=True,
            text=True,
            timeout=REGISTER_SECONDS,
            check=False,
        )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise SettingsError(f"prefect deploy failed: {said[-1] if said else 'without a word'}")


async def _fill_forms(
    client: PrefectClient, wanted: dict[str, dict[str, Any]], forms: dict[str, dict[str, Any]]
) -> None:
    """Fill the local BILL's forms with samples."""
    for name, deployment in wanted.items():
        if _sample_of(deployment, forms):
            known = await client.read_deployment_by_name(name)
            filled = DeploymentUpdate(parameters=parameters_of(deployment, forms))
            await client.update_deployment(known.id, filled)


def _sample_of(deployment: dict[str, Any], forms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return forms.get(deployment["entrypoint"].split(":")[1], {})


def _restored_parameters(
    before: dict[str, DeploymentResponse],
    wanted: dict[str, dict[str, Any]],
    forms: dict[str, dict[str, Any]],
) -> list[str]:
    """Return one line for each deployment whose parameters somebody had set otherwise; values are not shown.

    Samples of the local BILL are left out: their dates change every day.
    """
    lines: list[str] = []
    for name in sorted(wanted.keys() & before.keys()):
        declared_ones: dict[str, Any] = wanted[name].get("parameters", {})
        had = before[name].parameters
        changed = sorted(
            key
            for key in (had.keys() | declared_ones.keys()) - _sample_of(wanted[name], forms).keys()
            if key not in had or key not in declared_ones or had[key] != declared_ones[key]
        )
        if changed:
            lines.append(
                f"{name}: parameters put back as {FILE.name} has them: {', '.join(changed)}. To keep other values, "
                f"write them there and register again"
            )
    return lines


async def _register_automations(url: SecretStr) -> str:
    """Register the automations; return who is told of failed runs, in words that give no address away."""
    if not url.get_secret_value():
        with suppress(ValueError):
            await SlackWebhook.aload(NOTIFICATIONS)
            return f"block {NOTIFICATIONS}, as before"
        return "nobody (set BILL_NOTIFY_URL and register again)"
    # Prefect's server has to know the block's class; this one passes any address of Apprise's on, whatever its name.
    block_id = await SlackWebhook(url=url).asave(NOTIFICATIONS, overwrite=True)
    await automations.register(automations.notification(block_id))
    return f"block {NOTIFICATIONS}"


def _automation_names() -> set[str]:
    anyone = UUID(int=0)
    return {each.name for each in automations.notification(anyone)}


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


def _show(
    environment: Environment, pools: list[str], told: str, plans: Sequence[Plan], changes: Sequence[str]
) -> None:
    names = sorted(full_name(deployment) for deployment in declared(environment))
    planned_for: defaultdict[str, list[Plan]] = defaultdict(list)
    for plan in plans:
        planned_for[plan.deployment].append(plan)
    print(f"{len(names)} deployments for {environment.value}, work pool {', '.join(pools)}:")
    for name in names:
        print(f"  {name}")
        for plan in planned_for[name]:
            print(f"    {plan}")
    for line in changes:
        print(line)
    print(f"Workers start dead and stuck runs again. Of failed runs is told: {told}.")
    print("Start a worker: make worker")


def _says_who_plans_nothing(missing: Sequence[Plan], seconds: float) -> str:
    names = ", ".join(f"{plan.deployment} ({plan.schedule})" for plan in missing)
    return (
        f"everything is registered, but within {seconds:.0f} s Prefect's server has planned no run for {names}: its "
        "service schedule_deployments does not run, or fails. Look for it in the log of prefect server start (or "
        "prefect server services start), which needs the versions of requirements.lock; then run make deploy again"
    )


if __name__ == "__main__":
    sys.exit(main())
