"""Single values of OTLP/JSON, converted strictly: what is wrong is named, nothing is guessed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

#: What people call the Python types that JSON gives.
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}

_INTEGER = re.compile(r"[+-]?\d{1,20}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_DOUBLES = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class FieldError(Exception):
    """A value that its field cannot hold. The path grows while the error travels outwards."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = ""

    def within(self, step: str | int) -> FieldError:
        """The same error, seen from the object or list around it."""
        if isinstance(step, int):
            step = f"[{step}]"
        dot = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{step}{dot}{self.path}"
        return self


def shown(value: Any) -> str:
    """A value as an error message shows it: its text when short, else what kind it is."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:39]}…"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return _KINDS.get(type(value)) or str(value)


def text(value: Any) -> str:
    """A string field."""
    if type(value) is not str:
        raise FieldError(f"{shown(value)} stands where text belongs")
    return value


def boolean(value: Any) -> bool:
    """A bool field."""
    if type(value) is not bool:
        raise FieldError(f"{shown(value)} stands where true or false belongs")
    return value


def integer(lowest: int, highest: int) -> Callable[[Any], int]:
    """A converter for an integer field: a number, or decimal text as 64-bit fields have it."""

    def convert(value: Any) -> int:
        number = value if type(value) is int else _whole(value)
        if number is None:
            raise FieldError(f"{shown(value)} stands where a whole number belongs")
        if not lowest <= number <= highest:
            raise FieldError(f"{shown(value)} is not between {lowest} and {highest}")
        return number

    return convert


def _whole(value: Any) -> int | None:
    """The integer that a float or a text stands for."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def double(value: Any) -> float:
    """A double field: a number, or text with one, or NaN, Infinity or -Infinity."""
    if type(value) is float or type(value) is int:
        return float(value)
    if type(value) is str:
        if value in _DOUBLES:
            return _DOUBLES[value]
        if _NUMBER.fullmatch(value):
            return float(value)
    raise FieldError(f"{shown(value)} stands where a number belongs")


def enum(numbers: Mapping[str, int]) -> Callable[[Any], int]:
    """A converter for an enum field: its integer, or one of its names."""
    whole = integer(-(2**31), 2**31 - 1)

    def convert(value: Any) -> int:
        if type(value) is not str:
            return whole(value)
        if value not in numbers:
            raise FieldError(f"{shown(value)} is neither a whole number nor one of its names")
        return numbers[value]

    return convert


def hex_id(size: int) -> Callable[[Any], bytes]:
    """A converter for an id of ``size`` bytes, as hex digits in any case.

    Hex of another length passes: the decoder rejects that span alone. What is no hex at all is a
    mistake of the exporter and true of all its spans.
    """

    def convert(value: Any) -> bytes:
        try:
            if len(value) == 2 * size or len(value) % 2 == 0:
                return bytes.fromhex(value)
        except (TypeError, ValueError):
            pass
        if type(value) is not str:
            raise FieldError(f"{shown(value)} stands where {2 * size} hex digits belong")
        if _is_base64(value, size):
            raise FieldError(f"{shown(value)} is base64; OTLP/JSON writes ids as hex digits")
        raise FieldError(f"{shown(value)} is not made of {2 * size} hex digits")

    return convert


def _is_base64(value: str, size: int) -> bool:
    """Whether a text is ``size`` bytes of base64."""
    try:
        return _BASE64.fullmatch(value) is not None and len(_bytes_of(value)) == size
    except binascii.Error:
        return False


def base64_bytes(value: Any) -> bytes:
    """A bytes field: base64 of either alphabet, padded or not."""
    if type(value) is str and not value:
        return b""
    if type(value) is not str or not _BASE64.fullmatch(value):
        raise FieldError(f"{shown(value)} stands where base64 belongs")
    try:
        return _bytes_of(value)
    except binascii.Error as error:
        raise FieldError(f"{shown(value)} stands where base64 belongs") from error


def _bytes_of(value: str) -> bytes:
    digits = value.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(digits + "=" * (-len(digits) % 4))
