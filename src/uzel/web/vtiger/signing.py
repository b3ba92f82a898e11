"""getchallenge, login, logout, extendsession. Source: konsol-and-vtiger, B2 and B3."""

from typing import Any

from uzel import __version__
from uzel.crm import refusal
from uzel.crm.refusal import Refused
from uzel.crm.sessions import User
from uzel.crm.stock import USERS
from uzel.web.vtiger.operation import Call

# What clients look at to know what they speak with.
PROTOCOL, VTIGER = "0.22", "7.2.0"


async def get_challenge(call: Call) -> Any:
    """A token to answer."""
    found = await call.sessions.challenge(call.text("username"))
    return {
        "token": found.token,
        "serverTime": found.server_time,
        "expireTime": found.expire_time,
    }


async def log_in(call: Call) -> Any:
    """A session, under both names that clients read it by."""
    name, user = await call.sessions.log_in(call.text("username"), call.text("accessKey"))
    return session_said(name, user)


def session_said(name: str, user: User) -> dict[str, Any]:
    """What a program is told of its session."""
    return {
        "sessionName": name,
        "sessionId": name,
        "userId": USERS.wire_id(user.id),
        "version": PROTOCOL,
        "vtigerVersion": VTIGER,
        "username": user.login,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_admin": "on" if user.is_admin else "off",
        "server": f"Uzel {__version__}",
    }


async def extend(call: Call) -> Any:
    """The session goes on, under its name."""
    if call.session is None:
        raise Refused("AUTHENTICATION_FAILURE", "Authencation Failed")
    try:
        return session_said(call.session, await call.sessions.user(call.session))
    except Refused:
        raise Refused("AUTHENTICATION_FAILURE", "Authencation Failed") from None


async def log_out(call: Call) -> Any:
    """The session is over."""
    if call.method != "POST":
        raise refusal.unsupported()
    assert call.session is not None
    await call.sessions.log_out(call.session)
    return {"message": "successfull"}
