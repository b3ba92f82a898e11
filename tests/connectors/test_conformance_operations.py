"""What holds for every operation of every connector, proved against its sandbox.

A connector comes under these tests by having operations and a `sandbox.py`; nothing is listed here.
"""

import asyncio
import json
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from standing_behind import standing_behind
from uzel.connector import Answer, Config, Connector, Operation
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from uzel.kit.faults import FaultKind
from uzel.kit.http import new_client
from uzel.sandbox.server import running, sandboxes

# A short wait for the answer only: connecting may take its time on a busy machine.
IMPATIENT = httpx2.Timeout(10, read=0.15)
SILENT = (FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER_ACCEPT)
LOST = (*SILENT, FaultKind.RESET, FaultKind.BROKEN, FaultKind.GARBAGE)
REFUSED: dict[FaultKind, type[CallFailed]] = {
    FaultKind.UNAUTHORIZED: AuthFailed,
    FaultKind.FORBIDDEN: AuthFailed,
    FaultKind.TOO_MANY: RateLimited,
}


def connector_of(module: ModuleType) -> Connector:
    package = __import__(module.__package__ or "", fromlist=["CONNECTOR"])
    assert isinstance(package.CONNECTOR, Connector)
    return package.CONNECTOR


PARTS = {name: (module, connector_of(module)) for name, module in sandboxes().items()}
OPERATIONS = [
    pytest.param(name, operation, id=f"{name}-{operation.name}")
    for name, (_, connector) in PARTS.items()
    for operation in connector.operations.values()
]


class Trial:
    """The running sandbox, with one client for each connector and one for the control doors."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.url = url
        self.runner = runner
        self.control = httpx2.Client(base_url=url)
        self.clients = {name: new_client(f"{url}/{name}") for name in PARTS}
        self.patience = httpx2.Timeout(10)

    def close(self) -> None:
        self.control.close()
        for client in self.clients.values():
            self.runner.run(client.aclose())

    def config(self, name: str) -> Config:
        module, connector = PARTS[name]
        settings = {**module.SETTINGS, "base_url": f"{self.url}/{name}"}
        return connector.config.model_validate(settings)

    def secrets(self, name: str) -> list[str]:
        config = self.config(name)
        values = [getattr(config, field) for field in type(config).model_fields]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    def run(self, name: str, operation: Operation, timeout: httpx2.Timeout | None = None) -> Answer:
        http, arguments = self.clients[name], PARTS[name][0].EXAMPLES[operation.name]
        http.timeout = timeout or self.patience

        async def ask() -> Answer:
            return await operation.run(http, self.config(name), arguments)

        return self.runner.run(ask())

    def failure(self, name: str, operation: Operation, kind: FaultKind) -> CallFailed:
        """The error that the operation ends with when `kind` happens."""
        fault = {"connector": name, "operation": operation.name, "kind": kind}
        self.control.post("/_faults", json=fault).raise_for_status()
        with pytest.raises(CallFailed) as caught:
            self.run(name, operation, IMPATIENT if kind in SILENT else None)
        return caught.value

    def is_none(self, name: str, kind: FaultKind) -> bool:
        """Whether this provider's clients need not notice such a fault."""
        meanings = getattr(PARTS[name][0], "MEANINGS", {})
        return kind in meanings and meanings[kind] is None

    def journal(self, name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.control.get(f"/_journal?connector={name}").json()
        return entries


@pytest.fixture(scope="module")
def the_trial(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    folder = tmp_path_factory.mktemp("behind")
    with (
        running() as url,
        asyncio.Runner() as runner,
        standing_behind(url, PARTS, shared_dsn, folder),
    ):
        trial = Trial(url, runner)
        yield trial
        trial.close()


@pytest.fixture
def trial(the_trial: Trial) -> Trial:
    the_trial.control.delete("/_faults").raise_for_status()
    the_trial.control.delete("/_journal").raise_for_status()
    return the_trial


@pytest.mark.parametrize("name", [name for name, (_, part) in PARTS.items() if part.operations])
def test_every_operation_has_an_example_and_the_test_button_an_operation(name: str) -> None:
    module, connector = PARTS[name]
    for operation in connector.operations.values():
        assert set(module.EXAMPLES[operation.name]) <= set(operation.arguments)
    assert connector.test is None or connector.operations[connector.test].repeatable


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_it_succeeds_and_is_journalled_under_its_name(
    trial: Trial, name: str, operation: Operation
) -> None:
    answer = trial.run(name, operation)
    # A set: an operation may take several requests, all of them under its name.
    assert {entry["operation"] for entry in trial.journal(name)} == {operation.name}
    shown = json.dumps(dict(answer.data)) + repr(answer) + json.dumps(trial.journal(name))
    assert all(secret not in shown for secret in trial.secrets(name))


@pytest.mark.parametrize("kind", [*REFUSED, *LOST])
@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_a_fault_has_the_right_class_and_shows_no_secret(
    trial: Trial, name: str, operation: Operation, kind: FaultKind
) -> None:
    if trial.is_none(name, kind):
        fault = {"connector": name, "operation": operation.name, "kind": kind}
        trial.control.post("/_faults", json=fault).raise_for_status()
        trial.run(name, operation)
        assert [entry["fault"] for entry in trial.journal(name)] == [kind]
        return
    error = trial.failure(name, operation, kind)
    assert type(error) in allowed(name, operation, kind)
    config = trial.config(name)
    shown = [*traceback.format_exception(error), repr(error), error.detail]
    shown += [repr(config), config.model_dump_json(), json.dumps(trial.journal(name))]
    assert all(secret not in "".join(shown) for secret in trial.secrets(name))


def allowed(name: str, operation: Operation, kind: FaultKind) -> set[type[CallFailed]]:
    """What a fault may mean: a refusal by status is one and the same for everybody who does not say
    otherwise; a lost answer to what may not be asked twice is always OutcomeUnknown.
    """
    meanings = getattr(PARTS[name][0], "MEANINGS", {})
    if kind in meanings:
        return {meanings[kind]}
    if kind in REFUSED:
        return {REFUSED[kind]}
    if not operation.repeatable:
        return {OutcomeUnknown}
    strange: set[type[CallFailed]] = {ContractBroken} if kind is FaultKind.GARBAGE else set()
    return {Unavailable, OutcomeUnknown} | strange


def test_the_suite_applies_itself_to_somebody() -> None:
    assert len(OPERATIONS) >= 12
