"""What of the set-up is missing, and the visits skipped for it."""

from datetime import timedelta

from reading import Reading
from uzel import views
from uzel.views.missing import WITHIN, Missing


def missing(reading: Reading) -> list[Missing]:
    return list(reading(views.overview).missing)


def test_a_complete_set_up_lacks_what_never_received_only(sample: Reading) -> None:
    assert missing(sample) == [Missing("webhook", True, 0, 3, "smsru", "spare")]


def test_an_installation_without_anything(dsn: str) -> None:
    reading = Reading(dsn)
    kinds = [part.kind for part in missing(reading) if part.absent]
    reading.close()
    assert kinds == ["place", "template", "channel"]


def test_events_about_one_visit_count_once_and_old_ones_not_at_all(own: Reading) -> None:
    mark = "update event set reason = 'no_channel', decision = 'skip' where type ~ '^visit'"
    own.execute(mark)
    visits = own(
        lambda pool: pool.fetchval("select count(distinct data->>'visit') from event where "
                                   "reason = 'no_channel'")
    )  # fmt: skip
    (part, _) = missing(own)
    assert part == Missing("channel", False, visits)
    assert part.reason == "no_channel"
    late = WITHIN + timedelta(minutes=1)
    own.execute("update event set created_at = created_at - $1::interval", late)
    assert [part.kind for part in missing(own)] == ["webhook"]


def test_a_connection_that_is_off_sends_and_receives_nothing(own: Reading) -> None:
    own.execute("update connection set state = 'off' where connector = 'smsru'")
    assert missing(own) == [Missing("channel", True)]
    own.execute("update connection set state = 'paused' where id = 2")
    assert missing(own) == []


def test_who_has_orders_only_needs_nothing_for_visits(own: Reading) -> None:
    own.execute(
        "with crm as (insert into connection (business_id, connector, name, settings, rate_per_s, "
        "key_hash) select 1, 'amocrm', 'crm', '{}', 7, '\\x0a' returning id), "
        "source as (insert into connection (business_id, connector, name, settings, rate_per_s) "
        "select 1, 'kaspi', 'shop', '{}', 5 returning id) "
        "insert into shop (business_id, source_id, crm_id) select 1, source.id, crm.id "
        "from crm, source"
    )
    own.execute("update connection set state = 'off' where connector = 'smsru'")
    assert [part.kind for part in missing(own)] == ["channel"]
    own.execute("update connection set state = 'off' where connector = 'iiko'")
    assert missing(own) == []
    own.execute("delete from shop")
    assert [part.kind for part in missing(own)] == ["channel", "webhook"]
