"""A restore as the page tells it: orders whose deals were made since the backup get no second."""

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from markdown_pages import blocks, read
from parts import OUR_URL, RING, Sandbox, go, new_runner
from shops import Shop, open_shop, until_done, whole
from uzel.app import flows
from uzel.connections.registry import Registry
from uzel.events.door import Door
from uzel.events.process import Processor
from uzel.events.receive import Receiver
from uzel.flows.kaspi_orders.advance import advance
from uzel.flows.kaspi_orders.tasks import Tasks
from uzel.kit import database
from uzel.kit.embedded.binaries import TREE, WHEEL

PAGE = "docs/how-to/run-in-production.md"
STEPS = 9


def run(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own tools."""
    found = find_spec(WHEEL)
    assert found is not None and found.submodule_search_locations
    subprocess.run(
        [str(Path(found.submodule_search_locations[0]) / TREE / "bin" / name), *arguments],
        check=True,
    )


def dumped(dsn: str, path: Path) -> Path:
    """A backup as the page makes it."""
    run("pg_dump", "-Fc", "-f", str(path), "-d", dsn)
    return path


def restored(backup: Path, dsn: str) -> str:
    """The backup in this database."""
    run("pg_restore", "--no-owner", "--clean", "--if-exists", "-d", dsn, str(backup))
    return dsn


@asynccontextmanager
async def begun_anew(shop: Shop, dsn: str) -> AsyncIterator[Shop]:
    """The same shop, out of another database."""
    pool = await database.open_pool(dsn, size=8, name="test")
    try:
        registry = Registry(pool, RING)
        await registry.refresh()
        runner = new_runner(pool, registry, shop.hub.worker)
        hub = replace(
            shop.hub,
            pool=pool,
            registry=registry,
            door=Door(registry, Receiver(pool)),
            processor=Processor(pool, registry, flows(registry, OUR_URL)),
            runner=runner,
            runners=[],
        )
        yield replace(shop, hub=hub, tasks=Tasks(pool, registry, runner.reach))
        await hub.close()
    finally:
        pool.terminate()


async def step(shop: Shop) -> None:
    """A little of what is to be done: what was planned before is made, and more is planned."""
    await shop.hub.call()
    await shop.hub.process()
    await advance(shop.hub.pool, shop.amocrm)


@pytest.mark.long
def test_a_deal_made_after_the_backup_gets_no_twin(
    new_database: Callable[[], str], sandbox: Sandbox, tmp_path: Path
) -> None:
    (statements,) = blocks(read(PAGE), "sql")
    dsn, *others = [new_database() for _ in range(STEPS + 1)]

    async def work() -> None:
        async with open_shop(dsn, sandbox) as shop:
            codes = shop.make(3, customers=2, skus=3, lines=2)
            await shop.fetch()
            backups, steps = [], set()
            for number in range(STEPS):
                backups.append(dumped(dsn, tmp_path / f"{number}.dump"))
                steps |= {row["step"] for row in (await shop.rows()).values()}
                await step(shop)
            assert steps >= {"waiting", "making", "details"}
            codes += shop.make(2, customers=2, skus=3, lines=2, seed=5)
            shop.change(codes[0], status="ACCEPTED_BY_MERCHANT")
            await shop.fetch()
            await until_done(shop)
            await whole(shop, codes)
            for backup, other in zip(backups, others, strict=True):
                async with begun_anew(shop, restored(backup, other)) as again:
                    await again.hub.pool.execute(statements)
                    await again.fetch()
                    await until_done(again)
                    await whole(again, codes)

    go(work)
