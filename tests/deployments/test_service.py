"""The files of the service: each command, path and variable in them is one there is; a journal in a file is refused."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings.models.root import Settings as PrefectSettings
from pydantic import BaseModel

from billcom.errors import SettingsError
from billcom.settings import Settings
from deployments import secrets
from deployments.registry import ROOT
from tests.cluster.house import commands, environment_file

DEPLOYMENTS = ROOT / "deployments"
SERVICE = environment_file((DEPLOYMENTS / "service.env").read_text(encoding="utf-8"))
SECRETS = environment_file(secrets.content())
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / "kubernetes.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOYMENTS / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")

# Of PostgreSQL's image and client, of prefect-redis, of Python and of ours.
OTHERS = {
    "POSTGRES_PASSWORD",
    "POSTGRES_USER",
    "POSTGRES_DB",
    "PGPASSWORD",
    "PREFECT_REDIS_MESSAGING_HOST",
    "PREFECT_REDIS_MESSAGING_PORT",
    "PREFECT_REDIS_MESSAGING_DB",
    "DO_NOT_TRACK",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "BILLCOM_HOME",
}


def known_variables() -> set[str]:
    """Return what Prefect and this project read from the environment."""
    ours = {f"BILL_{name.upper()}" for name in Settings.model_fields}
    return ours | set(_prefect_variables(PrefectSettings)) | OTHERS


def _prefect_variables(model: type[BaseModel]) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += _prefect_variables(field.annotation)
            continue
        aliases = getattr(field.validation_alias, "choices", [])
        prefix = str(model.model_config.get("env_prefix", ""))
        found += [str(alias).upper() for alias in aliases] or [(prefix + name).upper()]
    return found


def docker_variables() -> dict[str, str]:
    """Return the variables the image sets."""
    lines = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in line.split())


@pytest.mark.parametrize(
    "variables",
    [
        SERVICE,
        SECRETS,
        docker_variables(),
        KUBERNETES["job_variables"]["env"],
        COMPOSE["services"]["postgres"]["environment"],
    ],
    ids=["service.env", "secrets.env", "Dockerfile", "kubernetes.yaml", "compose.yaml"],
)
def test_every_variable_is_read_by_something(variables: dict[str, str]) -> None:
    assert set(variables) - known_variables() == set()


def test_no_secret_is_in_a_file_that_is_committed() -> None:
    assert set(SERVICE) & set(SECRETS) == set()
    assert set(KUBERNETES["job_variables"]["env"]) & set(SECRETS) == set()


@pytest.mark.parametrize("name", ["migrate", "server", "services", "deploy", "worker"])
def test_a_command_is_one_there_is(name: str) -> None:
    program, *words = commands()[name]
    if program == "python":
        assert words[0] == "-m" and find_spec(words[1]) is not None
    else:
        assert shutil.which(program, path=str(Path(sys.executable).parent))


def test_the_worker_of_the_image_is_that_of_the_compose_file() -> None:
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert yaml.safe_load(command) == commands()["worker"]


def test_what_the_image_copies_is_there_and_holds_no_tests() -> None:
    copied = [line.split()[1:-1] for line in re.findall(r"^(COPY .*)$", DOCKERFILE, re.MULTILINE)]
    sources = [source for line in copied for source in line]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert "requirements.lock" in sources and "requirements-test.lock" not in sources
    assert not set(sources) & {".", "tests"}


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)
    assert users == ["billcom"]


def test_every_file_the_compose_file_names_is_there() -> None:
    mounted = [v.split(":")[0] for s in COMPOSE["services"].values() for v in s.get("volumes", [])]
    files = [path for path in mounted if path.startswith(".")]
    assert files and all((DEPLOYMENTS / path).is_file() for path in files)
    named = [path for path in mounted if not path.startswith(".")]
    assert set(named) == set(COMPOSE["volumes"])
    assert (
        DEPLOYMENTS / COMPOSE["services"]["worker"]["build"]["context"] / "deployments/Dockerfile"
    ).is_file()


def test_the_server_is_reached_from_this_host_alone() -> None:
    ports = [port for part in COMPOSE["services"].values() for port in part.get("ports", [])]
    assert ports == ["127.0.0.1:4200:4200"]


def test_hosts_in_the_environment_are_parts_of_the_service() -> None:
    hosts = {SERVICE["PREFECT_SERVER_DATABASE_HOST"], SERVICE["PREFECT_REDIS_MESSAGING_HOST"]}
    hosts |= set(
        re.findall(
            r"(?:@|redis://|http://)(\w+):", f"{SERVICE['BILL_JOURNAL_URL']} {SERVICE['PREFECT_API_URL']}"
        )
    )
    assert hosts == {"postgres", "redis", "server"} and hosts <= set(COMPOSE["services"])


@pytest.mark.parametrize(
    "variables",
    [docker_variables(), SERVICE, KUBERNETES["job_variables"]["env"]],
    ids=["Dockerfile", "service.env", "kubernetes.yaml"],
)
def test_a_journal_in_a_file_is_refused(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (SECRETS | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BILL_JOURNAL_URL", raising=False)
    monkeypatch.setenv("BILL_ENVIRONMENT", "local")
    with pytest.raises(SettingsError, match="BILL_JOURNAL_URL names no PostgreSQL"):
        Settings.load()


def test_the_service_as_it_is_given_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (docker_variables() | SERVICE | SECRETS).items():
        monkeypatch.setenv(name, value)
    assert Settings.load().journal_is_shared
