"""What Prefect holds for a run and a parameter must not: BILL credentials and bank accounts.

Parameters are stored in clear, whatever their type; a block parameter stores a reference alone.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from prefect.blocks.core import Block, BlockNotSavedError
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from pydantic import BeforeValidator, Field, SecretStr, ValidationError

from billcom.checks import input_error
from billcom.models.bank_account import BankAccountOwner, BankAccountType, NewBankAccount
from billcom.settings import Environment, Settings


class BlockSettings(Settings):
    """Settings that came from a saved credentials block, and its name: its remembered device is kept there."""

    credentials_block: str


class BillCredentials(Block):
    """Credentials of one user of one BILL organization. A flow names the block in its `credentials`.

    Every machine that runs such a flow uses, and replaces, the device BILL remembers for it.
    """

    _block_type_name: ClassVar[str | None] = "BILL credentials"
    _block_type_slug: ClassVar[str | None] = "bill-credentials"
    _description: ClassVar[str | None] = "User, organization and developer key at BILL."

    environment: Environment = Field(default=Environment.LOCAL, title="Environment")
    username: str = Field(title="User name")
    password: SecretStr = Field(title="Password")
    organization_id: str = Field(title="Organization id", description="008…")
    dev_key: SecretStr = Field(title="Developer key")
    base_url: str = Field(default="", title="Address of BILL", description="Empty: the environment's own")
    remembered_device: SecretStr = Field(
        default=SecretStr(""),
        title="Remembered device",
        description="Filled, encrypted, by the enroll-mfa flow: leave it as it is, empty in a new block",
    )

    def settings(self) -> Settings:
        """Return these credentials as settings; the rest comes from the worker's environment.

        Raises SettingsError, as for a production block where BILL_ALLOW_PRODUCTION is not set.
        """
        given: dict[str, Any] = {
            "environment": self.environment,
            "username": self.username,
            "password": self.password,
            "organization_id": self.organization_id,
            "dev_key": self.dev_key,
            "device": "",
            "remember_me_id": SecretStr(""),
            "base_url": self.base_url,
        }
        if name := self._block_document_name:
            return BlockSettings.load(**given, credentials_block=name)
        return Settings.load(**given)

    async def keep_device(self, encrypted: str) -> None:
        """Write the remembered device into the saved block; the server leaves every other field as it is.

        Raises ObjectNotFound when the block was deleted meanwhile, BlockNotSavedError when it never was saved: it
        is not made again.
        """
        if self._block_document_id is None:
            raise BlockNotSavedError("save the block first")
        # A block that was saved before the field was there would show it like any other.
        await self.aregister_type_and_schema()
        data = {"remembered_device": encrypted}
        update = BlockDocumentUpdate(block_schema_id=self._block_schema_id, data=data)
        async with get_client() as prefect:
            await prefect.update_block_document(self._block_document_id, update)


class BillBankAccount(Block):
    """A vendor's or a customer's bank account, for a flow parameter: only a reference to it is stored there."""

    _block_type_name: ClassVar[str | None] = "BILL bank account"
    _block_type_slug: ClassVar[str | None] = "bill-bank-account"
    _description: ClassVar[str | None] = "A US bank account of a vendor or a customer."

    name_on_account: str = Field(title="Name on the account")
    routing_number: SecretStr = Field(title="Routing number", description="Nine digits")
    account_number: SecretStr = Field(title="Account number", description="4 to 17 digits")
    type: BankAccountType = Field(default=BankAccountType.CHECKING, title="Type")
    owner_type: BankAccountOwner = Field(default=BankAccountOwner.BUSINESS, title="Owner")

    def to_new_bank_account(self) -> NewBankAccount:
        """Return the account as BILL takes it. Raises InputError, as for a check digit that doesn't fit."""
        try:
            return NewBankAccount(
                name_on_account=self.name_on_account,
                routing_number=self.routing_number,
                account_number=self.account_number,
                type=self.type,
                owner_type=self.owner_type,
            )
        except ValidationError as error:
            raise input_error(error, "bank_account") from None


def _only_a_block(value: object) -> object:
    if isinstance(value, dict):
        raise ValueError(
            "pick a BILL bank account block (or pass one from Python): a run keeps its parameters in clear, so "
            "delete this run, its parameters hold what was typed"
        )
    return value


BankAccountBlock = Annotated[BillBankAccount, BeforeValidator(_only_a_block)]
"""A flow parameter that takes a bank account by reference alone."""
