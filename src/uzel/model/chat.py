"""What somebody said to a bot in a chat: a message, or the press of a button."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A file in a message; `file_id` is the messenger's, `kind` is `photo` or `document`."""

    file_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class ChatSaid:
    """One thing said. Whoever acts on it goes by `user_id` and `chat_id`: a name is anybody's.

    update_id      the messenger's number of this happening
    chat_id        where; below zero for groups. In a private chat it equals `user_id`
    user_id        who
    user_name      first and last name as the person wrote them, or `@name`
    message_id     of the message, or of the message whose button was pressed; unique in its chat
    text           what was written, or the caption of the files; at most 4096 characters. Numbers
                   of cards in it are masked (`220077••••••7079`); see `events.typed` for them
    phone          of a contact that was shared, as it came
    phone_is_own   whether the messenger says that it is the sharing person's own
    reply_to       the message that it answers, where the person pressed *reply*
    callback_id    what the press of a button is answered by
    callback_data  what was put behind the button
    """

    update_id: int
    chat_id: int
    user_id: int
    user_name: str | None = None
    message_id: int | None = None
    text: str | None = None
    files: tuple[ChatFile, ...] = ()
    phone: str | None = None
    phone_is_own: bool | None = None
    reply_to: int | None = None
    callback_id: str | None = None
    callback_data: str | None = None
