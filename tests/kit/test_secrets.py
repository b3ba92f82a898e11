"""Sealed values open only where, and with what, they were sealed."""

import base64
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.kit.secrets import (
    KEY_BYTES,
    KeyRing,
    decode_key,
    fingerprint,
    key_id,
    new_token,
    read_key_ring,
)

keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
places = st.from_regex(r"[a-z]{1,9}/[0-9]{1,9}/[a-z]{1,9}", fullmatch=True)


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@given(keys, st.binary(max_size=300), places)
def test_what_was_sealed_opens_again(key: bytes, plain: bytes, place: str) -> None:
    assert KeyRing([key]).open(KeyRing([key]).seal(plain, place), place) == plain


@given(keys, st.binary(max_size=100), places, places)
def test_a_value_moved_elsewhere_does_not_open(
    key: bytes, plain: bytes, place: str, other: str
) -> None:
    ring = KeyRing([key])
    sealed = ring.seal(plain, place)
    if place != other:
        with pytest.raises(ConfigError):
            ring.open(sealed, other)


@given(keys, keys, st.binary(max_size=100))
def test_another_key_does_not_open_it(key: bytes, other: bytes, plain: bytes) -> None:
    sealed = KeyRing([key]).seal(plain, "a/1/b")
    if key != other:
        with pytest.raises(ConfigError, match="UZEL_MASTER_KEY"):
            KeyRing([other]).open(sealed, "a/1/b")


@given(keys, st.binary(max_size=60), st.data())
def test_no_bit_can_be_changed_and_no_byte_cut_off(
    key: bytes, plain: bytes, data: st.DataObject
) -> None:
    ring = KeyRing([key])
    sealed = ring.seal(plain, "a/1/b")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ConfigError):
        ring.open(bytes(changed), "a/1/b")
    with pytest.raises(ConfigError):
        ring.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], "a/1/b")


@given(st.lists(keys, min_size=2, max_size=4, unique=True), st.binary(max_size=60))
def test_after_a_rotation_old_values_stay_readable_and_new_ones_take_the_new_key(
    ring: list[bytes], plain: bytes
) -> None:
    new, *old = ring
    sealed_before = KeyRing(old).seal(plain, "a/1/b")
    rotated = KeyRing([new, *old])
    assert rotated.open(sealed_before, "a/1/b") == plain
    sealed_after = rotated.seal(plain, "a/1/b")
    assert KeyRing([new]).open(sealed_after, "a/1/b") == plain
    with pytest.raises(ConfigError):
        KeyRing(old).open(sealed_after, "a/1/b")


@given(keys, st.binary(min_size=1, max_size=60))
def test_the_same_value_is_never_sealed_alike(key: bytes, plain: bytes) -> None:
    ring = KeyRing([key])
    assert len({ring.seal(plain, "a/1/b") for _ in range(8)}) == 8


@given(keys, st.binary(min_size=8, max_size=60))
def test_neither_key_nor_value_shows(key: bytes, plain: bytes) -> None:
    ring = KeyRing([key])
    sealed = ring.seal(plain, "a/1/b")
    assert plain not in sealed and key not in sealed
    assert key_id(key) not in key
    for shown in (repr(ring), str(ring), f"{ring!s}"):
        assert encoded(key) not in shown and repr(key)[2:-1] not in shown


@pytest.mark.parametrize(
    "text",
    ["", "short", encoded(b"x" * 31), encoded(b"x" * 33), "ключ" * 8, "*" * 44, "a" * 44 + "!"],
)
def test_a_master_key_that_is_none_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        decode_key(text)
    assert not text or text not in str(refused.value)


@given(keys)
def test_a_master_key_may_be_written_in_either_alphabet(key: bytes) -> None:
    assert decode_key(encoded(key)) == key
    assert decode_key(base64.urlsafe_b64encode(key).decode()) == key


def test_several_master_keys_come_from_the_environment(tmp_path: Path) -> None:
    old, new = b"o" * KEY_BYTES, b"n" * KEY_BYTES
    sealed = KeyRing([old]).seal(b"secret", "a/1/b")
    ring = read_key_ring(f"{encoded(new)}, {encoded(old)}", tmp_path)
    assert ring.open(sealed, "a/1/b") == b"secret"
    assert not (tmp_path / "master.key").exists()


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "not there yet"
    sealed = read_key_ring(None, folder).seal(b"secret", "a/1/b")
    assert stat.S_IMODE((folder / "master.key").stat().st_mode) == 0o600
    assert read_key_ring(None, folder).open(sealed, "a/1/b") == b"secret"
    assert [path.name for path in folder.iterdir()] == ["master.key"]


def test_a_key_that_is_there_is_read_without_writing(tmp_path: Path) -> None:
    """As with a full disk."""
    read_key_ring(None, tmp_path)
    before = tmp_path.stat().st_mtime_ns
    read_key_ring(None, tmp_path)
    assert tmp_path.stat().st_mtime_ns == before


def test_a_key_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit for files stands for the full disk."""
    program = (
        "import resource, sys; from pathlib import Path; "
        "from uzel.kit.secrets import read_key_ring; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); read_key_ring(None, Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_together_agree_on_one_key_file(tmp_path: Path) -> None:
    rings: list[KeyRing] = []
    threads = [
        threading.Thread(target=lambda: rings.append(read_key_ring(None, tmp_path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    sealed = rings[0].seal(b"secret", "a/1/b")
    assert {ring.open(sealed, "a/1/b") for ring in rings} == {b"secret"}


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    read_key_ring(None, tmp_path)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_key_ring(None, tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"half a key", b"\xff\xfe\x00"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "master.key").write_bytes(content)
    (tmp_path / "master.key").chmod(0o600)
    with pytest.raises(ConfigError):
        read_key_ring(None, tmp_path)


def test_tokens_are_long_and_their_fingerprints_tell_nothing() -> None:
    tokens = {new_token("hook") for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("hook_") and len(token) >= 48 for token in tokens)
    token = tokens.pop()
    assert len(fingerprint(token)) == 32
    assert fingerprint("\ud800") != fingerprint("")
