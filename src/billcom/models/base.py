"""How every wire model behaves: camelCase on the wire, unknown answer fields kept, secrets hidden."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class RequestBody(BaseModel):
    """A body this package sends. Unknown fields are refused, so that a slip never goes out unnoticed."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the body with BILL's field names, what is not set left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Record(BaseModel):
    """Something BILL answers. Fields it leaves out are None; unknown fields and enum values are kept."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        frozen=True,
        hide_input_in_errors=True,
    )
