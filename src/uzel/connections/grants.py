"""Access that an OAuth server granted, or a session that we opened: kept sealed, renewed in time by
one process among all.

A refresh token is good for one renewal, so two processes that renew at once would lose the account.
Whoever renews takes a lease on the version it knows; the others go on with the old access token,
which stays good, or wait. The new pair is stored before anybody uses it.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import httpx2
import orjson
from pydantic import SecretStr

from uzel.connections import grant_store as store
from uzel.connections import store as connection_store
from uzel.connections.grant import Grant, place, way_of
from uzel.connections.registry import Active
from uzel.connector import Config
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from uzel.kit import database
from uzel.kit.secrets import KeyRing, fingerprint, new_token
from uzel.model.access import Access, SignIn, Tokens

log = logging.getLogger("uzel.connections")

# Where OAuth servers send people back; integrations of before know it by this name.
CALLBACK = "/public/oauth_callback.php"
LEASE_S = 60.0
WAIT_S = 20.0
# Others read the new pair so often while one renews.
LOOK_EVERY_S = 0.25
UNAUTHORIZED = 401
# A pair that cannot be stored, since the database is away, is tried again so often; and who is
# told that a token is used up leaves the one that used it this time to say so.
AGAIN_S, SAY_WITHIN_S = 0.5, 1.5
# How long the end of a process waits for it.
KEEP_WITHIN_S = 20.0
NOT_CONNECTED = "доступ ещё не выдан: откройте подключение в консоли и нажмите «Подключить»"


class Grants:
    """The grants of all connections, as one process knows them. `redirect_uri`: the address to
    which OAuth servers send people back.
    """

    def __init__(self, pool: database.Pool, ring: KeyRing, redirect_uri: str) -> None:
        self._pool = pool
        self.ring = ring
        self.redirect_uri = redirect_uri
        self._known: dict[int, tuple[Config, Grant]] = {}
        self._renewals: set[asyncio.Task[None]] = set()

    async def config_of(self, active: Active, http: httpx2.AsyncClient) -> Config:
        """The settings with the access token of the moment. Raises AuthFailed where a person has to
        connect, Unavailable where the token cannot be renewed now.
        """
        assert active.config is not None
        way = way_of(active)
        if way is None:
            return active.config
        # What other settings opened is not theirs.
        config, grant = self._known.get(active.id, (None, None))
        usable = config == active.config and grant is not None and grant.fresh
        if not usable or grant is None or grant.revoked_reason is not None:
            grant = await self._current(active, way, http)
            self._known[active.id] = active.config, grant
        return active.config.model_copy(update={way.grant: SecretStr(grant.tokens.access)})

    async def distrust(self, active: Active, config: Config, refusal: AuthFailed) -> bool:
        """The provider refused what `config_of` gave: whether another try with a renewed token
        makes sense.
        """
        if refusal.http_status not in (None, UNAUTHORIZED):
            return False  # the account may not do this, or has not paid
        way = way_of(active)
        if way is None:
            return False
        used: SecretStr = getattr(config, way.grant)
        self._known.pop(active.id, None)
        stored = await self._load(active)
        if stored is None:
            return False
        if stored.revoked_reason is None and stored.tokens.access == used.get_secret_value():
            # Sessions cost nothing, and any restart over there ends them.
            is_newest = stored.just_renewed and not isinstance(way, SignIn)
            if is_newest or stored.tokens.refresh is None:
                return False  # even the newest one is refused
            await store.expire(self._pool, active.id, stored.version)
        # Renewed by somebody else already, or now, or never again: `config_of` tells.
        return True

    async def grant(self, active: Active, tokens: Tokens, redirect_uri: str, by: str) -> None:
        """Keep what a person granted a moment ago."""
        self._known.pop(active.id, None)
        await store.save(
            self._pool, active.id, self._seal(active, tokens), tokens.expires_at, redirect_uri, by
        )

    async def set_out(self, active: Active, by: str) -> str:
        """The address where the account's owner agrees; they come back with a state of ours."""
        oauth = active.connector.oauth
        assert oauth is not None
        state = new_token("state")
        await store.remember_state(self._pool, fingerprint(state), active.id, self.redirect_uri, by)
        return oauth.authorize(active.config, self.redirect_uri, state)

    async def come_back(self, state: str) -> Any:
        """(connection_id, redirect_uri, made_by) of who set out with it, once, or None."""
        return await store.take_state(self._pool, fingerprint(state))

    async def _current(self, active: Active, way: Access, http: httpx2.AsyncClient) -> Grant:
        """A grant that is fresh; renews or waits for who does."""
        for _ in range(int(WAIT_S / LOOK_EVERY_S)):
            grant = await self._load(active) or await self._adopt(active, way)
            if grant.revoked_reason is not None:
                raise AuthFailed(grant.revoked_reason)
            if grant.fresh:
                return grant
            if grant.tokens.refresh is None:
                raise AuthFailed("срок доступа вышел, подключите заново")
            if await store.lease(self._pool, active.id, grant.version, LEASE_S):
                await self._renew(active, way, http, grant)
            else:
                await asyncio.sleep(LOOK_EVERY_S)
        raise Unavailable("access is being renewed for too long")

    async def close(self) -> None:
        """Wait for renewals under way: their pairs must not be lost. A database that stays away
        keeps this process from its end for `KEEP_WITHIN_S` only.
        """
        if self._renewals:
            _, late = await asyncio.wait(self._renewals, timeout=KEEP_WITHIN_S)
            if late:
                log.error("%d renewed grants are lost: the database stays away", len(late))

    async def _renew(
        self, active: Active, way: Access, http: httpx2.AsyncClient, grant: Grant
    ) -> None:
        """Nothing may interrupt this between the answer and its storing: the old token is used up
        by then.
        """
        renewal = asyncio.create_task(self._renew_and_store(active, way, http, grant))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._over)
        done, _ = await asyncio.wait({renewal}, timeout=WAIT_S)
        if not done:
            raise Unavailable("renewed access waits for the database")
        renewal.result()

    def _over(self, renewal: "asyncio.Task[None]") -> None:
        """What it failed by is told to who waits for it, if still anybody does."""
        self._renewals.discard(renewal)
        if not renewal.cancelled():
            renewal.exception()

    async def _renew_and_store(
        self, active: Active, way: Access, http: httpx2.AsyncClient, grant: Grant
    ) -> None:
        try:
            tokens = await way.renew(
                http, active.config, grant.redirect_uri, grant.tokens.refresh or ""
            )
        except (AuthFailed, Rejected) as error:
            await self._refused(active, way, http, grant, error)
        except OutcomeUnknown as error:
            # The token may be used up. If it is, the next renewal is told so.
            await store.release(self._pool, active.id, grant.version)
            raise Unavailable(f"the renewal of access was lost: {error.detail}") from error
        except CallFailed:
            await store.release(self._pool, active.id, grant.version)
            raise
        else:
            await self._keep(active, grant, tokens)

    async def _keep(self, active: Active, grant: Grant, tokens: Tokens) -> None:
        """Store the pair, however long the database is away: there is no other copy of it."""
        sealed = self._seal(active, tokens)
        while True:
            try:
                await store.renewed(self._pool, active.id, grant.version, sealed, tokens.expires_at)
            except database.PASSING as error:
                log.warning(
                    "renewed access of %s waits for the database: %s",
                    active.id,
                    type(error).__name__,
                )
                await asyncio.sleep(AGAIN_S)
            else:
                log.info("connection %s: access renewed", active.id)
                return

    async def _refused(
        self,
        active: Active,
        way: Access,
        http: httpx2.AsyncClient,
        grant: Grant,
        error: AuthFailed | Rejected,
    ) -> None:
        """What follows from a refused renewal; returns where another one brought a new pair."""
        if isinstance(way, SignIn):  # nobody granted anything, so nothing is to be granted anew
            await store.release(self._pool, active.id, grant.version)
            raise AuthFailed(error.detail, code=error.code) from error
        if await self._moved(active, way, http, grant):
            await store.release(self._pool, active.id, grant.version)
            raise Unavailable("the account has another address, in use from now on") from error
        # Whoever had the lease before us may hold the next pair and just have got its database
        # back.
        await asyncio.sleep(SAY_WITHIN_S)
        if not await store.revoke(self._pool, active.id, grant.version, error.detail):
            return
        log.error("connection %s: access has to be granted anew", active.id)
        raise AuthFailed(error.detail, code=error.code) from error

    async def _moved(
        self, active: Active, way: Access, http: httpx2.AsyncClient, grant: Grant
    ) -> bool:
        """Whether the account was renamed; its new address is kept then."""
        if way.locate is None:
            return False
        tokens = grant.tokens
        try:
            base_url = await way.locate(http, active.config, tokens.access, tokens.refresh)
        except (CallFailed, ConfigError):
            return False
        if base_url == str(getattr(active.config, "base_url", "")):
            return False
        log.warning("connection %s: the account is at %s now", active.id, base_url)
        await connection_store.move(self._pool, active.id, base_url)
        return True

    async def _adopt(self, active: Active, way: Access) -> Grant:
        tokens = way.adopt(active.config)
        if tokens is None:
            raise AuthFailed(NOT_CONNECTED)
        sealed = self._seal(active, tokens)
        await store.adopt(self._pool, active.id, sealed, tokens.expires_at, self.redirect_uri)
        grant = await self._load(active)
        assert grant is not None
        return grant

    async def _load(self, active: Active) -> Grant | None:
        row = await store.load(self._pool, active.id)
        if row is None:
            return None
        kept = orjson.loads(self.ring.open(row["tokens"], place(active.id)))
        tokens = Tokens(kept["access"], kept["refresh"], row["expires_at"])
        way = way_of(active)
        return Grant(
            tokens,
            row["version"],
            row["redirect_uri"],
            row["revoked_reason"],
            row["renewed_at"],
            timedelta(0) if way is None else way.early,
        )

    def _seal(self, active: Active, tokens: Tokens) -> bytes:
        kept = {"access": tokens.access, "refresh": tokens.refresh}
        return self.ring.seal(orjson.dumps(kept), place(active.id))
