"""One thing said to the bot, and what it says and does in return: gathered, then planned as calls.

What the bot and a person are at is a row in the database; a worker that dies forgets nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from uzel.calls.plan import Plan
from uzel.events.event import Event
from uzel.flows.claim_bot.buttons import Keyboard
from uzel.flows.claim_bot.settings import Bot
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.model.chat import ChatSaid
from uzel.payouts.claims.acts import Keys

# First word of the effects of all calls of this flow.
OWNER = "claim"


class Step(StrEnum):
    """What the next message of a person is taken for."""

    IDLE = "idle"
    AMOUNT = "amount"
    NAME = "name"
    WAY = "way"
    CARD = "card"
    PHONE = "phone"
    BANK = "bank"
    PHOTO = "photo"
    REVIEW = "review"
    WRITE = "write"
    # Of those who decide: why a claim is refused, and what is written to who asked.
    REASON = "reason"
    ANSWER = "answer"


@dataclass(slots=True)
class Turn:
    """`step`, `claim_id` and `answers` are what the conversation is at, before and after.

    `notice` is what who pressed a button sees for a moment; every press is answered.
    """

    connection: Connection
    event: Event
    bot: Bot
    keys: Keys
    step: Step
    claim_id: int | None
    answers: dict[str, Any]
    # Numbers of cards in what was said; None: cards are not taken here.
    numbers: Sequence[str] | None = field(default=None, repr=False)
    claimant_id: int = 0
    notice: str | None = None
    # Said before the next words, in the same message: two of them might change places.
    lead: str | None = None
    plans: list[Plan] = field(default_factory=list)

    @property
    def said(self) -> ChatSaid:
        said = self.event.element.data
        assert isinstance(said, ChatSaid)
        return said

    @property
    def ring(self) -> KeyRing:
        return self.keys.ring

    @property
    def by(self) -> str:
        """Who it is, for the journals."""
        return f"telegram:{self.said.user_id}"

    @property
    def takes_cards(self) -> bool:
        return self.numbers is not None

    @property
    def is_private(self) -> bool:
        return self.said.chat_id == self.said.user_id

    def at(self, step: Step, claim_id: int | None = None, **answers: Any) -> None:
        """What the conversation is at from now on."""
        self.step, self.claim_id, self.answers = step, claim_id, answers

    def say(self, text: str, keyboard: Keyboard = (), *, reply: bool = False) -> None:
        """Write into the chat; `reply`: in answer to this very message."""
        if self.lead is not None:
            text, self.lead = f"{self.lead}\n\n{text}", None
        arguments = {"chat_id": self.said.chat_id, "text": text, "keyboard": plain(keyboard)}
        if reply:
            arguments["reply_to"] = self.said.message_id
        self._do("send_message", arguments)

    def rewrite(self, text: str) -> None:
        """Put this in the place of the message whose button was pressed, without buttons."""
        arguments = {"chat_id": self.said.chat_id, "message_id": self.said.message_id}
        self._do("edit_message_text", {**arguments, "text": text})

    def erase(self) -> None:
        """Take what the person wrote out of the chat."""
        arguments = {"chat_id": self.said.chat_id, "message_id": self.said.message_id}
        self._do("delete_message", arguments)

    def answer_press(self) -> None:
        """Last of all, where a button was pressed."""
        if self.said.callback_id is not None:
            said = {"callback_id": self.said.callback_id, "text": self.notice}
            self._do("answer_callback_query", said)

    def _do(self, operation: str, arguments: Mapping[str, Any]) -> None:
        effect = f"{OWNER}:turn:{self.event.id}:{len(self.plans)}"
        plan = Plan(self.bot.id, operation, arguments, effect, self.event.request_id)
        self.plans.append(plan)


def plain(keyboard: Keyboard) -> list[list[dict[str, Any]]]:
    """As the journal keeps it."""
    return [[dict(button) for button in row] for row in keyboard]
