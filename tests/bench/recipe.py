"""The recipe as a plain script, without any of this project: vendor, bill, payment, call after call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx

from tests.bench.local import Local, new_vendor
from tests.bench.sheets import Wanted


async def pay_by_recipe(
    local: Local, bills: Sequence[Wanted], funding_account_id: str, at_once: int
) -> float:
    """Pay bills as the recipe says, so many at once; return seconds."""
    turns = asyncio.Semaphore(at_once)
    vendors: dict[str, asyncio.Task[str]] = {}
    async with httpx.AsyncClient(base_url=local.base_url, headers=local.headers(), timeout=60) as http:

        async def call(method: str, path: str, body: object = None, **query: str) -> Any:
            async with turns:
                answer = await http.request(method, path, json=body, params=query)
            answer.raise_for_status()
            return answer.json()

        async def vendor_id(bill: Wanted) -> str:
            if bill.is_new_vendor:
                return (await call("POST", "/v3/vendors", new_vendor(bill.vendor)))["id"]
            return (await call("GET", "/v3/vendors", filters=f'name:eq:"{bill.vendor}"'))["results"][0]["id"]

        async def pay(bill: Wanted) -> None:
            task = vendors.setdefault(bill.vendor, asyncio.create_task(vendor_id(bill)))
            made = await call(
                "POST",
                "/v3/bills",
                {
                    "vendorId": await task,
                    "dueDate": "2026-12-20",
                    "billLineItems": [{"amount": float(bill.amount)}],
                    "invoice": {"invoiceNumber": bill.number, "invoiceDate": "2026-11-20"},
                },
            )
            await call(
                "POST",
                "/v3/payments",
                {
                    "billId": made["id"],
                    "amount": float(bill.amount),
                    "fundingAccount": {"type": "BANK_ACCOUNT", "id": funding_account_id},
                    "processingOptions": {},
                },
            )

        began = time.perf_counter()
        if at_once == 1:
            for bill in bills:
                await pay(bill)
        else:
            await asyncio.gather(*(pay(bill) for bill in bills))
        return time.perf_counter() - began


async def repeat_bare(local: Local, requests: Sequence[dict[str, Any]]) -> float:
    """Make as many calls as `requests`, one after the other and without any work around them; return seconds."""
    async with httpx.AsyncClient(base_url=local.base_url, headers=local.headers(), timeout=60) as http:
        await http.get("/v3/login/session")
        began = time.perf_counter()
        for _ in requests:
            await http.get("/v3/login/session")
        return time.perf_counter() - began
