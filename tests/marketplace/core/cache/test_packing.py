"""Bytes that come from elsewhere: damaged, of another release, or far larger than they look."""

import struct
import zlib
from dataclasses import dataclass

import msgspec
import pytest

from marketplace.core import cache
from marketplace.core.cache.family import Family
from marketplace.core.cache.packing import COMPRESS, MOST, Misfit, Packer, TooLarge
from tests.marketplace.core.cache.cases import Source, answered, events, family

HEAD = struct.Struct(">ddc")


@dataclass(frozen=True)
class Before:
    name: str


@dataclass(frozen=True)
class After:
    name: str
    hue: int = 1


def packed(kind: bytes, body: bytes) -> bytes:
    return HEAD.pack(1.0, 2.0, kind) + body


def bomb() -> bytes:
    """A little that would become more than a value may hold."""
    return zlib.compress(msgspec.msgpack.encode("x" * (MOST + 10)), 9)


BAD = {
    "nothing": b"",
    "half a head": b"\0" * 10,
    "no body": packed(b"p", b""),
    "another type": packed(b"p", msgspec.msgpack.encode(3)),
    "a null": packed(b"p", msgspec.msgpack.encode(None)),
    "a null with something": packed(b"n", b"x"),
    "an unknown kind": packed(b"?", b""),
    "half a deflated one": packed(b"z", zlib.compress(b"x" * 9_000)[:-5]),
    "rubbish behind it": packed(b"z", zlib.compress(msgspec.msgpack.encode("x")) + b"more"),
    "no deflated one": packed(b"z", b"rubbish"),
    "a bomb": packed(b"z", bomb()),
}


@pytest.mark.parametrize("held", BAD.values(), ids=BAD)
def test_bytes_that_are_no_such_value_are_none(held: bytes) -> None:
    with pytest.raises(Misfit):
        Packer(str).unpack(held)


def test_a_null_is_none_only_where_one_was_kept() -> None:
    packer: Packer[object] = Packer(str | None)  # type: ignore[arg-type]
    with pytest.raises(Misfit):
        packer.unpack(BAD["a null"])
    assert packer.unpack(packer.pack(None, soft_at=1.0, hard_at=2.0)[0]).value is None


@pytest.mark.parametrize("length", [1, COMPRESS - 10, COMPRESS * 10])
def test_values_of_any_length_come_back(length: int) -> None:
    packer = Packer(str)
    small, size = packer.pack("x" * length, soft_at=1.0, hard_at=2.0)
    assert packer.unpack(small).value == "x" * length
    assert size >= length
    assert (len(small) < length) == (length > COMPRESS)


def test_a_value_beyond_the_bound_is_refused() -> None:
    with pytest.raises(TooLarge):
        Packer(str).pack("x" * (MOST + 1), soft_at=1.0, hard_at=2.0)


def test_another_shape_of_a_type_has_other_names() -> None:
    assert Packer(Before).shape != Packer(After).shape
    assert Packer(Before).shape == Packer(Before).shape


@pytest.mark.parametrize("held", [BAD["a bomb"], BAD["another type"], BAD["a null"]])
def test_a_bad_value_in_redis_is_loaded_anew_and_counted(remembering: cache.Engine, held: bytes) -> None:
    texts: Family[str] = family(str)
    claim = remembering.store.claim(texts.keeper.name("a"), ("*",), lease_ms=1_000)
    assert claim is not None
    remembering.store.keep(texts.keeper.name("a"), claim, held, claim.tags, life_ms=60_000, replica=False)
    assert texts.get("a", Source(["right"])) == "right"
    remembering.local.clear()
    assert texts.get("a", Source([])) == "right"
    assert events(texts, "misfit") == 1
    assert answered(texts) == {"miss": 1, "hit": 1}
