"""All rooms of the console in one application."""

from fastapi import FastAPI

from uzel.web.console import (
    business,
    businesses,
    calls,
    claims,
    claims_acts,
    claims_form,
    claims_many,
    connection_form,
    connections,
    consents,
    costs,
    dead_ends,
    events,
    funnel,
    leads,
    leads_import,
    leads_lead,
    leads_robots,
    live,
    mapping,
    messages,
    overview,
    parked,
    partners,
    partners_money,
    partners_payments,
    partners_settings,
    partners_statement,
    partners_tokens,
    payouts,
    payouts_books,
    payouts_limits,
    payouts_stop,
    places,
    provider,
    rates,
    rates_limits,
    ratings,
    registration,
    registry,
    registry_accounts,
    registry_deal,
    registry_edit,
    registry_forms,
    registry_merge,
    registry_mirror,
    registry_mirror_on,
    registry_own,
    registry_record,
    rules,
    shops,
    shops_leave,
    shops_lists,
    shops_order,
    shops_setup,
    sign_in,
    static,
    stop_list,
    texts,
    todo,
)
from uzel.web.console.attention import Glance
from uzel.web.console.live import Watchers
from uzel.web.console.shops_names import Stages
from uzel.web.deps import Deps

# What has a name must be found before what has a number: `partners/limit` before `partners/{id}`.
ROOMS = (
    *(static, sign_in, overview, todo, live, events, messages, calls),
    *(connection_form, connections, registration, parked),
    *(businesses, business, places, rules, texts, stop_list, consents),
    *(funnel, ratings, costs, mapping, provider),
    *(shops_order, shops_leave, shops, shops_setup, shops_lists),
    *(partners_money, partners, partners_payments, partners_statement),
    *(partners_tokens, partners_settings, rates_limits, rates),
    *(claims_form, claims_many, claims, claims_acts),
    *(payouts_stop, payouts_limits, payouts_books, payouts),
    *(leads_import, leads_robots, leads, leads_lead),
    *(registry_accounts, registry_own, registry_forms, registry_mirror_on, registry_mirror),
    *(registry_edit, registry_merge, registry_deal, registry_record, registry),
)


def register(app: FastAPI, deps: Deps) -> None:
    """Put the console into the application that `deps` belong to."""
    app.state.glance = Glance(deps.pool, deps.registry)
    app.state.watchers = Watchers()
    app.state.stages = Stages()
    for room in ROOMS:
        app.include_router(room.router)
    dead_ends.register(app)
