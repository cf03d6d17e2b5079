"""What leaves the checkout: the wheel holds the package alone, the locks hold exact versions with hashes."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["requirements.lock", "requirements-test.lock", "requirements-dev.lock"]


def locked(lock: str) -> dict[str, str]:
    """Map each `name==version` of a lock file to what follows it: its marker and hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {pin: rest for pin, _, rest in (line.partition(" ") for line in lines)}


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"billcom", "billcom-0.1.0.dist-info"}
    assert {
        "billcom/__init__.py",
        "billcom-0.1.0.dist-info/METADATA",
        "billcom-0.1.0.dist-info/entry_points.txt",
    } <= names


@pytest.mark.parametrize("lock", LOCKS)
def test_each_locked_requirement_is_exact_and_has_a_hash(lock: str) -> None:
    requirements = locked(lock)
    assert requirements
    exact, hashed = re.compile(r"[a-z0-9-]+==[\w.+!]+"), re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
    loose = [pin for pin, rest in requirements.items() if not (exact.fullmatch(pin) and hashed.search(rest))]
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"^.*(?:/|@ |-i |-f |index|find-links|file:).*$", text, re.MULTILINE) == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PYPROJECT["project"]["dependencies"]),
        ("requirements.lock", PYPROJECT["project"]["optional-dependencies"]["service"]),
        ("requirements-test.lock", PYPROJECT["dependency-groups"]["test"]),
        ("requirements.lock", PYPROJECT["build-system"]["requires"]),
        ("requirements-dev.lock", PYPROJECT["dependency-groups"]["check"]),
    ],
    ids=["dependencies", "service", "test", "build", "check"],
)
def test_a_lock_holds_what_pyproject_asks_for(lock: str, wanted: list[str]) -> None:
    versions = dict(pin.split("==") for pin in locked(lock))

    def is_met(requirement: Requirement) -> bool:
        version = versions.get(canonicalize_name(requirement.name))
        return version is not None and requirement.specifier.contains(version, prereleases=True)

    unmet = [text for text in wanted if not is_met(Requirement(text))]
    assert unmet == [], "pyproject.toml has changed since: run `make lock`"
