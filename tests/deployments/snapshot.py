"""What every deployment asks for and when it runs, as JSON: `python -m tests.deployments.snapshot` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prefect.utilities.callables import parameter_schema

from billcom.settings import Environment
from deployments.registry import declared, flow_of

FILE = Path(__file__).with_name("deployments.json")


def taken() -> dict[str, Any]:
    """Return the deployments by name, each with its schedules, defaults and parameter schema."""
    deployments = declared(Environment.LOCAL)
    return {
        f"{flow_of(deployment).name}/{deployment['name']}": {
            "entrypoint": deployment["entrypoint"],
            "tags": deployment["tags"],
            "parameters": deployment.get("parameters", {}),
            "schedules": deployment.get("schedules", []),
            "schema": parameter_schema(flow_of(deployment)).model_dump(mode="json"),
        }
        for deployment in deployments
    }


def text() -> str:
    """Return the snapshot as the file holds it."""
    return json.dumps(taken(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
