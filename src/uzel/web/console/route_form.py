"""The route: by which channels, in which order, a guest is reached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from uzel.connections.registry import Active
from uzel.connector import Connector
from uzel.model.rules import DAY_S, Rules
from uzel.web.console.language import mark as m
from uzel.web.console.typed import MINUTE_S, Typed, span_shown

CHANNELS = ("sms", "whatsapp", "email")
# What a channel of a route is called in Connector.channels.
OF_CHANNEL = {
    "sms": ("sms",),
    "whatsapp": ("whatsapp", "whatsapp_template"),
    "email": ("email",),
}
MOST_HOPS = 4
ON = "on"
MAY_DOUBLE = m(
    "Отправленное этим способом нельзя остановить: оно может дойти и после ожидания, и гость "
    "получит два сообщения. Отметьте, что согласны, или уберите ожидание."
)


@dataclass(frozen=True, slots=True)
class Ways:
    """The connections of a business that reach people."""

    connections: Sequence[Active]

    @classmethod
    def of(cls, business_id: int, known: Iterable[Active]) -> "Ways":
        """Those of a business."""
        return cls(
            [
                active
                for active in known
                if active.business_id == business_id and active.connector.channels
            ]
        )

    def by(self, channel: str, connection_id: int | None = None) -> list[Active]:
        """Those that offer a channel and are not off; only the one with the id, if given."""
        return [
            active
            for active in self.connections
            if offers(active, channel)
            and active.state != "off"
            and connection_id in (None, active.id)
        ]

    def may_arrive_late(self, channel: str, connection_id: int | None) -> bool:
        """Whether a message may still arrive after the next way took over: no provider of this
        channel can be told when to give up, or there is none yet to tell.
        """
        found = self.by(channel, connection_id)
        return not found or any(not ends(active.connector, channel) for active in found)


def offers(active: Active, channel: str) -> bool:
    """Whether a connection has this channel."""
    return any(name in active.connector.channels for name in OF_CHANNEL[channel])


def ends(connector: Connector, channel: str) -> bool:
    """Whether its messages can be given a lifetime."""
    return all(
        "lifetime_s" in connector.operations[found.operation].arguments
        for name in OF_CHANNEL[channel]
        if (found := connector.channels.get(name)) is not None
    )


def shown_route(rules: Rules) -> dict[str, str]:
    """`channel_N`, `connection_N`, `wait_N`, `may_double_N` for each row."""
    values = {"whatsapp_russia": ON if rules.whatsapp_russia else ""}
    for row in range(max(MOST_HOPS, len(rules.route))):
        hop = rules.route[row] if row < len(rules.route) else None
        values[f"channel_{row}"] = hop.channel if hop else ""
        values[f"connection_{row}"] = str(hop.connection_id or "") if hop else ""
        shown = span_shown(hop.wait_s) if hop and hop.wait_s else ("", "m")
        values[f"wait_{row}"], values[f"wait_{row}_unit"] = shown
        values[f"may_double_{row}"] = ON if hop and hop.may_double else ""
    return values


def rows_in(values: Any) -> list[int]:
    """The rows a form has, as many as a route may have at most."""
    return [row for row in range(6) if f"channel_{row}" in values]


def read_route(typed: Typed, ways: Ways) -> dict[str, Any]:
    """The hops that were typed; rows without a channel are left out."""
    rows = [row for row in rows_in(typed.form) if typed.plain(f"channel_{row}")]
    hops = [read_hop(typed, ways, row, is_last=row == rows[-1]) for row in rows]
    seen: set[Any] = set()
    for row, hop in zip(rows, hops, strict=True):
        # One channel by any connection stands for all its connections.
        if (hop["channel"], hop["connection_id"]) in seen or (hop["channel"], None) in seen:
            typed.refuse(f"channel_{row}", m("Этот способ уже стоит выше."))
        seen.add((hop["channel"], hop["connection_id"]))
    return {"route": hops, "whatsapp_russia": typed.switch("whatsapp_russia")}


def read_hop(typed: Typed, ways: Ways, row: int, *, is_last: bool) -> dict[str, Any]:
    """One way."""
    channel = typed.choice(f"channel_{row}", CHANNELS)
    connection_id = read_connection(typed, ways, row, channel)
    wait_s = typed.span(f"wait_{row}", MINUTE_S, 3 * DAY_S)
    may_double = typed.switch(f"may_double_{row}")
    late = channel in CHANNELS and ways.may_arrive_late(channel, connection_id)
    if wait_s is not None and is_last:
        typed.refuse(f"wait_{row}", m("После последнего способа ждать нечего: уберите ожидание."))
    elif wait_s is not None and late and not may_double:
        typed.refuse(f"wait_{row}", MAY_DOUBLE)
    return {
        "channel": channel,
        "connection_id": connection_id,
        "wait_s": wait_s,
        "may_double": may_double and wait_s is not None,
    }


def read_connection(typed: Typed, ways: Ways, row: int, channel: str) -> int | None:
    """The connection of a way; None: any that can."""
    name = f"connection_{row}"
    text = typed.plain(name)
    if not text:
        return None
    for active in ways.connections:
        if str(active.id) == text:
            if channel in CHANNELS and not offers(active, channel):
                typed.refuse(name, m("Это подключение так не отправляет."))
            return active.id
    typed.refuse(name, m("Выберите одно из списка."))
    return None
