"""A gRPC call as bytes: what no gRPC library would send."""

from __future__ import annotations

import socket
import struct
import time

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
_POST, _HTTP = b"\x83", b"\x86"  # HPACK's names for them


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _header(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def call(port: int, method: str, message: bytes, encoding: str | None = None) -> int:
    """The gRPC status of a call whose message is compressed as ``encoding`` says; -1: no answer."""
    head = _POST + _HTTP + _header(b":path", method.encode()) + _header(b":authority", b"localhost")
    head += _header(b"te", b"trailers") + _header(b"content-type", b"application/grpc")
    if encoding is not None:
        head += _header(b"grpc-encoding", encoding.encode())
    body = struct.pack(">BI", encoding is not None, len(message)) + message
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            _PREFACE
            + _frame(_SETTINGS, 0, 0, b"")
            + _frame(_HEADERS, _END_HEADERS, 1, head)
            + _frame(_DATA, _END_STREAM, 1, body)
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            part = connection.recv(65536)
            answer += part
            at = answer.find(b"grpc-status")
            if at >= 0 and len(answer) > at + 14:
                size = answer[at + 11]
                return int(answer[at + 12 : at + 12 + size])
            if not part:
                break
    return -1
