"""Values as bytes: typed, compressed when that pays, and never unpacked beyond a bound."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

T = TypeVar("T")

# Bytes: below the first compressing costs more than it saves, beyond the second nothing is kept.
COMPRESS, MOST = 2_048, 1_048_576
# Two times in seconds (soft and hard end) and a kind; behind them the value.
_HEAD: Final = struct.Struct(">ddc")
_PLAIN, _DEFLATED, _NOTHING = b"p", b"z", b"n"


class Misfit(Exception):
    """Bytes that are not such a value: of another release, damaged, or a bomb."""


class TooLarge(Exception):
    """A value beyond ``MOST``."""


@dataclass(frozen=True, slots=True)
class Unpacked(Generic[T]):
    """``soft_at`` and ``hard_at`` are seconds since the epoch; ``size`` is that of the unpacked bytes."""

    value: T | None
    soft_at: float
    hard_at: float
    size: int


class Packer(Generic[T]):
    """Packs values of one type; None is a value of its own, told apart from the bytes of any other."""

    def __init__(self, type_: type[T], *, compress: bool = True) -> None:
        self._compress = compress
        self._decoder = msgspec.msgpack.Decoder(type_)
        # Changes with the type: what another release has kept is never read as this one's.
        self.shape = f"{zlib.crc32(repr(_shape(type_)).encode()):08x}"

    def pack(self, value: T | None, *, soft_at: float, hard_at: float) -> tuple[bytes, int]:
        """The bytes, and how large the value is when it is unpacked. Raises TooLarge."""
        if value is None:
            return _HEAD.pack(soft_at, hard_at, _NOTHING), 0
        plain = _encoder.encode(value)
        if len(plain) > MOST:
            raise TooLarge(f"{len(plain):,} bytes")
        if self._compress and len(plain) >= COMPRESS:
            small = zlib.compress(plain, 1)
            if len(small) < len(plain):
                return _HEAD.pack(soft_at, hard_at, _DEFLATED) + small, len(plain)
        return _HEAD.pack(soft_at, hard_at, _PLAIN) + plain, len(plain)

    def unpack(self, packed: bytes) -> Unpacked[T]:
        """What was packed. Raises Misfit, and never holds more than ``MOST`` bytes."""
        try:
            soft_at, hard_at, kind = _HEAD.unpack_from(packed)
            body: bytes | memoryview = memoryview(packed)[_HEAD.size :]
            if kind == _NOTHING:
                if len(body):
                    raise Misfit("There is something where nothing should be.")
                return Unpacked(None, soft_at, hard_at, 0)
            if kind == _DEFLATED:
                body = _inflated(body)
            elif kind != _PLAIN:
                raise Misfit("An unknown kind of value.")
            value = self._decoder.decode(body)
        except (struct.error, zlib.error, msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise Misfit(type(error).__name__) from error
        if value is None:
            raise Misfit("A null that nobody has kept as one.")
        return Unpacked(value, soft_at, hard_at, len(body))


def _inflated(body: "bytes | memoryview") -> bytes:
    stream = zlib.decompressobj()
    plain = stream.decompress(body, MOST)
    if stream.unconsumed_tail or not stream.eof or stream.unused_data:
        raise Misfit("More than a value may hold, or not whole.")
    return plain


_encoder = msgspec.msgpack.Encoder()


def _shape(type_: Any) -> object:
    return cast(object, msgspec.inspect.type_info(type_))
