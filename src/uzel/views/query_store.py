"""Lists by id, newest first, that cost the same whatever the size of the table.

Each list is driven by one index that gives the newest rows first. Conditions that index does not
cover are checked on at most `WINDOW` rows; a page may then be short and the next one goes on from
there. So no filter, however unlucky, reads a table to its end.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from uzel.kit.database import Connection, Pool
from uzel.views.rows import Page

Item = TypeVar("Item")

WINDOW = 20_000
NEWEST = 2**63 - 1
# Ids are given out while transactions run and times are those of their beginnings, so the two
# orders differ by as much as a transaction lasts.
SLACK = timedelta(seconds=5)

ID_AT = """
with recursive probe(low, high) as (
    select (select min(id) from {table}), (select max(id) + 1 from {table})
     union all
    select case when r.at >= $1 then p.low else r.id + 1 end,
           case when r.at >= $1 then m.middle else p.high end
      from probe p,
   lateral (select (p.low + p.high) / 2 as middle) m,
   lateral (select id, {time} as at from {table} where id >= m.middle order by id limit 1) r
     where p.low < p.high
)
select low from probe where low >= high limit 1
"""


class Conditions:
    """Conditions joined by `and`. In a condition `{}` stands for a value."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.values: list[Any] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, text: str, *values: Any) -> None:
        """One more condition."""
        self._parts.append(text)
        self.values.extend(values)

    def sql(self, used: int = 0) -> str:
        """The conditions with `$n` for the values, after `used` other ones."""
        marks = (f"${used + i + 1}" for i in range(len(self.values)))
        return " and ".join(f"({part})" for part in self._parts).format(*marks) or "true"


class Scan:
    """A list over one table.

    columns  of `t` (the table) and `n` (its connection), named as the fields of the item
    time     the column `since` and `until` mean; it grows with the id
    """

    def __init__(self, table: str, columns: str, time: str) -> None:
        self._table, self._columns, self._time = table, columns, time
        self._driver, self._rest = Conditions(), Conditions()
        self._key: tuple[str, Any] | None = None
        self._driven = False
        self._low = 0
        self._high = NEWEST

    def key(self, column: str, value: Any, predicate: str | None = None) -> None:
        """`column` equals `value`, and there is an index on (column, id), partial with `predicate`
        if given. The first key drives and later ones are checked row by row, so name the most
        telling one first.
        """
        if self._driven:
            self._rest.add(f"{column} = {{}}", value)
            return
        self._key, self._driven = (column, value), True
        if predicate is not None:
            self._driver.add(predicate)

    def only(self, predicate: str) -> None:
        """Rows of a partial index with this predicate, written out without values."""
        (self._rest if self._driven else self._driver).add(predicate)
        self._driven = True

    def where(self, text: str, *values: Any) -> None:
        """A condition no index covers."""
        self._rest.add(text, *values)

    async def between(self, pool: Pool, since: datetime | None, until: datetime | None) -> None:
        """Narrow to a time: ids by a search in the primary key, and the time itself on top."""
        if since is not None:
            at = sane(since)
            self._low = await id_at(pool, self._table, self._time, at - SLACK) or 0
            self._rest.add(f"{self._time} >= {{}}", at)
        if until is not None:
            at = sane(until)
            bound = await id_at(pool, self._table, self._time, at + SLACK)
            self._high = NEWEST if bound is None else bound
            self._rest.add(f"{self._time} < {{}}", at)

    async def page(
        self, pool: Pool, make: Callable[[Any], Item], before: int | None, limit: int
    ) -> Page[Item]:
        """The newest `limit` rows with an id below `before`."""
        high = self._high if before is None else min(before, self._high)
        order = self._range(high)
        values = self._driver.values
        rows = await pool.fetch(self._query(order, limit + 1), *values, *self._rest.values)
        items = tuple(make(row) for row in rows[:limit])
        if len(rows) > limit:
            return Page(items, rows[limit - 1]["id"])
        if not self._rest:
            return Page(items, None)
        floor = await pool.fetchval(self._floor_query(order), *values)
        return Page(items, floor, cut=floor is not None and len(items) < limit)

    def _range(self, high: int) -> str:
        """Add the range of ids; returns the order in which the index gives the newest first.

        A key is given as bounds and as part of the order, not as an equality: only the index on
        (key, id) can serve that. With an equality PostgreSQL may prefer to go down the primary key
        in the hope of meeting the value soon, and read the whole table when it does not.
        """
        if self._key is None:
            self._driver.add("id >= {} and id < {}", self._low, high)
            return "id desc"
        column, value = self._key
        self._driver.add(f"({column}, id) >= ({{}}, {{}})", value, self._low)
        self._driver.add(f"({column}, id) < ({{}}, {{}})", value, high)
        return f"{column} desc, id desc"

    def _query(self, order: str, limit: int) -> str:
        window = WINDOW if self._rest else limit
        return f"""
            select {self._columns}
              from (select * from (select * from {self._table} where {self._driver.sql()}
                                    order by {order} limit {window}) w
                     where {self._rest.sql(len(self._driver.values))}
                     order by {order} limit {limit}) t
              join connection n on n.id = t.connection_id
             order by t.id desc"""  # noqa: S608

    def _floor_query(self, order: str) -> str:
        """The lowest id looked at, if there may be more below it."""
        return (
            f"select id from {self._table} where {self._driver.sql()} "  # noqa: S608
            f"order by {order} offset {WINDOW - 1} limit 1"
        )


def sane(at: datetime) -> datetime:
    """A time PostgreSQL and arithmetic can bear; nothing here is older or newer."""
    return (
        at
        if 1970 < at.year < 9000
        else datetime(1970 if at.year <= 1970 else 9000, 1, 2, tzinfo=UTC)
    )


async def id_at(pool: Pool | Connection, table: str, time: str, at: datetime) -> int | None:
    """The first id from about `at` on; None if the table is empty. Some twenty index lookups."""
    found: int | None = await pool.fetchval(ID_AT.format(table=table, time=time), at)
    return found
