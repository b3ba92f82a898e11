"""What would be sent, with nothing sent."""

from direct_messages import messaging
from parts import Sandbox, go, new_phone
from uzel.messages import stop_list
from uzel.messaging import content


def test_a_text_with_its_parts_and_price(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            sandbox.http.post("/smsru/_settings", json={"price_minor": 321}).raise_for_status()
            shown = await sender.preview(content.sms(phone, "ж" * 71))
            assert (shown.segments, shown.encoding) == (2, "UCS-2")
            assert (shown.cost_minor, shown.currency) == (642, "RUB")
            assert (shown.held, shown.notes) == (None, ())
            assert here.asked("smsru", phone) == []
            assert await here.pool.fetchval("select count(*) from message") == 0

    go(run)


def test_where_the_provider_does_not_say_the_rate_card_does(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("exolve")
            shown = await sender.preview(content.sms(new_phone(), "Привет"))
            assert (shown.cost_minor, shown.currency) == (None, None)
            await here.rules(rates={"sms:RU": 450})
            shown = await sender.preview(content.sms(new_phone(), "ж" * 71))
            assert (shown.cost_minor, shown.currency) == (900, "RUB")

    go(run)


def test_what_would_be_held_is_said(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        message = content.sms(new_phone(), "Привет")
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            await here.rules(sending="allow_list", allowed=[message.address])
            assert (await sender.preview(message)).held is None
            await here.rules(sending="allow_list", allowed=["+79990000000"])
            assert "listed addresses" in ((await sender.preview(message)).held or "")
            await here.rules(sending="record")
            assert "records" in ((await sender.preview(message)).held or "")
            await here.rules()
            async with here.pool.acquire() as db, db.transaction():
                await stop_list.stop(db, here.business, [message.address], "reply", "test")
            assert "stop-list" in ((await sender.preview(message)).held or "")
            assert (await sender.preview(message, transactional=True)).held is None

    go(run)


def test_free_text_outside_the_day_is_pointed_out(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("meta")
            message = content.whatsapp("+77010000777", "Привет")
            assert "free text will not arrive" in " ".join((await sender.preview(message)).notes)
            await here.pool.execute(
                "insert into inbound_window values ($1, $2, now())", connection, message.address
            )
            assert (await sender.preview(message)).notes == ()
            russian = await sender.preview(content.whatsapp(new_phone(), "Привет"))
            assert "WhatsApp is blocked in Russia" in russian.notes

    go(run)
