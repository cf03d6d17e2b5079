"""What is told of an exception that nothing expects: its class and message, and no secret."""

import pytest
from pydantic import BaseModel, ValidationError

from billcom import Settings
from billcom.unexpected import describe_unexpected


class _Model(BaseModel):
    number: int


def test_class_and_message_are_told(settings: Settings) -> None:
    assert describe_unexpected(KeyError("5010"), settings) == "KeyError: '5010'"
    assert describe_unexpected(RuntimeError("two\nlines of 1,250.00 on 2026-11-20"), settings) == (
        "RuntimeError: two lines of 1,250.00 on 2026-11-20"
    )
    assert describe_unexpected(ValueError(), settings) == "ValueError"


def test_no_secret_is_told(settings: Settings) -> None:
    password = settings.password.get_secret_value()
    session = "e1-0123456789abcdefghijklmnop"
    error = RuntimeError(f"{password} {settings.dev_key.get_secret_value()} {session} 111222333 4567 x")
    told = describe_unexpected(error, settings, ["4567"])
    assert told == "RuntimeError: … … … … … x"


def test_values_of_a_model_are_not_told(settings: Settings) -> None:
    with pytest.raises(ValidationError) as caught:
        _Model.model_validate({"number": "12ab"})
    told = describe_unexpected(caught.value, settings)
    assert told.startswith("ValidationError: _Model: number Input should be a valid integer")
    assert "12ab" not in told
