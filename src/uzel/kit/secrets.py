"""Secrets at rest: AES-256-GCM under a ring of keys, and one-way fingerprints of tokens.

A sealed value names its key, so keys can be rotated: new values take the first key of the ring,
old ones stay readable as long as their key is in it. The associated data binds a value to its
place (table, row, field): copied elsewhere it does not open.
"""

import base64
import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from uzel.errors import ConfigError

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 8
FORMAT = b"\x01"


class KeyRing:
    """Keys by id; the first one seals. Never prints its content."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ConfigError(f"a master key is {KEY_BYTES} bytes, written in base64")
        self._keys: Mapping[bytes, AESGCM] = {key_id(key): AESGCM(key) for key in keys}
        self._first = key_id(keys[0])

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt `plain` for `place` (such as `connection/7/secrets`)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, plain, place.encode())
        return FORMAT + self._first + nonce + sealed

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt. Raises ConfigError if the key is not in the ring or the value was moved."""
        head = len(FORMAT) + KEY_ID_BYTES
        cipher = self._keys.get(sealed[len(FORMAT) : head])
        if sealed[: len(FORMAT)] != FORMAT or cipher is None:
            raise ConfigError(
                "a stored secret was sealed with another master key: set UZEL_MASTER_KEY to the "
                "key in use when it was saved (several: separated by commas, the newest first)"
            )
        nonce, body = sealed[head : head + NONCE_BYTES], sealed[head + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut off within the nonce
            raise ConfigError(f"the stored secret at {place} is damaged") from error


def key_id(key: bytes) -> bytes:
    """What a sealed value carries to name its key; tells nothing about the key itself."""
    return hashlib.sha256(b"uzel key id" + key).digest()[:KEY_ID_BYTES]


def read_key_ring(master_key: str | None, data_dir: Path) -> KeyRing:
    """The ring from UZEL_MASTER_KEY (base64, several by commas, newest first), else from
    `data_dir/master.key`, which is made with mode 600 if there is none.
    """
    if master_key is not None:
        return KeyRing([decode_key(part) for part in master_key.split(",")])
    path = data_dir / "master.key"
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process was quicker
            make_key_file(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others; run: chmod 600 '{path}'")
    return KeyRing([decode_key(line) for line in path.read_text(errors="replace").split()])


def make_key_file(path: Path) -> None:
    """Write a new key, whole or not at all: a half-written key would seal what nobody can open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()


def decode_key(text: str) -> bytes:
    """32 bytes from base64 (standard or URL-safe)."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:  # not base64, or not even ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            "UZEL_MASTER_KEY must be 32 bytes in base64; make one with: openssl rand -base64 32"
        )
    return key


def new_token(prefix: str) -> str:
    """A token nobody can guess (256 bits); the prefix tells people and scanners what it is. Small
    letters and digits alone: some systems write the addresses they are given in small letters.
    """
    text = base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()
    return f"{prefix}_{text}"


def fingerprint(token: str) -> bytes:
    """What we store of a token instead of it. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
