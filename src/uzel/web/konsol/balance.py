"""The money at the provider, and how much of it is promised."""

import time
from datetime import UTC, datetime

from starlette.responses import Response

from uzel.flows.payouts.changes import asked
from uzel.payouts.programs import request_store as store
from uzel.payouts.programs.documented import moment, number
from uzel.payouts.wish import CURRENCY
from uzel.web.konsol.gate import Call
from uzel.web.konsol.reply import NotDone, done

# So old an answer still does.
FRESH_S = 10.0


class Balances:
    """What the provider said last, by connection; one for a web process."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, int, datetime]] = {}

    async def answer(self, call: Call) -> Response:
        """GET /konsol/balance

        amount     what the provider has for us, over all accounts
        frozen     of payouts that have not ended, whether the provider has taken it off or not
        available  `amount` without the payouts that the provider is not known to have; not below 0
        """
        through = call.means.through(call.asker)
        amount, at = await self.amount(call, through.id)
        held = await store.held(call.means.pool, through.id)
        data = {
            "currency": CURRENCY,
            "amount": number(amount, CURRENCY),
            "available": number(max(0, amount - held["unsent_minor"]), CURRENCY),
            "frozen": number(held["all_minor"], CURRENCY),
            "updated_at": moment(at),
        }
        return done(data, "Баланс")

    async def amount(self, call: Call, connection_id: int) -> tuple[int, datetime]:
        """(kopecks, when that was so): asked now, or what was said last. Raises NotDone."""
        known = self._known.get(connection_id)
        if known is None or time.monotonic() - known[0] > FRESH_S:
            answer = await asked(call.means, connection_id, "balance", {})
            if answer is not None:
                now, at = time.monotonic(), datetime.now(UTC)
                known = (now, int(answer.data["balance_minor"]), at)
                self._known[connection_id] = known
        if known is None:
            raise NotDone("balance_unavailable", headers={"retry-after": "10"})
        return known[1], known[2]
