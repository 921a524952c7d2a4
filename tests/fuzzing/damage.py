"""Bytes made worse, knowing nothing of what they are."""

from __future__ import annotations

from random import Random

#: Bytes at the edges of what decoders compare with.
_EDGES = (0x00, 0x01, 0x0A, 0x12, 0x22, 0x5B, 0x7B, 0x7F, 0x80, 0xFE, 0xFF)
#: Numbers as varints and as fixed widths: lengths that do not fit, signs that turn.
_NUMBERS = (
    b"\xff\xff\xff\xff\x07",
    b"\xff\xff\xff\xff\x0f",
    b"\xff" * 9 + b"\x01",
    b"\xff" * 10,
    b"\x80" * 9 + b"\x00",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80\x00\x00\x00",
)
LONGEST = 1 << 16


def damaged(rng: Random, data: bytes, other: bytes = b"") -> bytes:
    """``data`` after some random changes, a splice with ``other`` among them."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(rng, found, other)
    return bytes(found[:LONGEST])


def _change(rng: Random, data: bytearray, other: bytes) -> None:
    at = rng.randrange(len(data) + 1)
    upto = min(len(data), at + rng.choice((1, 1, 2, 4, 8, 32, 256)))
    kind = rng.randrange(9)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1 and at < len(data):
        data[at] = rng.choice(_EDGES)
    elif kind == 2 and at < len(data):
        data[at] = (data[at] + rng.randrange(-4, 5)) % 256
    elif kind == 3:
        del data[at:upto]
    elif kind == 4:
        data[at:at] = data[at:upto] * rng.choice((1, 1, 2, 20))
    elif kind == 5:
        data[at:at] = rng.randbytes(rng.choice((1, 2, 8, 40)))
    elif kind == 6:
        number = rng.choice(_NUMBERS)
        data[at : at + rng.choice((0, 1, len(number)))] = number
    elif kind == 7:
        del data[at:]
    else:
        begin = rng.randrange(len(other) + 1)
        data[at:upto] = other[begin : begin + rng.choice((4, 32, 500))]
