"""What an error is on the wire: the one table from our error classes to HTTP and gRPC status.

As OTLP has it (specification, "Failures"): 429 and 503, RESOURCE_EXHAUSTED with RetryInfo and
UNAVAILABLE invite the client to try again; the others tell it to drop the data.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import orjson
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tracemap.collectors.otlp.intake import Taken
from tracemap.collectors.otlp.signals import TRACES, Signal
from tracemap.errors import (
    BusyError,
    PayloadError,
    ServerError,
    StoreError,
    TooLargeError,
    TracemapError,
)

_log = logging.getLogger(__name__)

#: (class, HTTP status, google.rpc code), the first that fits.
_TABLE: tuple[tuple[type[TracemapError], int, int], ...] = (
    (TooLargeError, 413, code_pb2.INVALID_ARGUMENT),
    (PayloadError, 400, code_pb2.INVALID_ARGUMENT),
    (BusyError, 429, code_pb2.RESOURCE_EXHAUSTED),
    (StoreError, 503, code_pb2.UNAVAILABLE),
    (ServerError, 503, code_pb2.UNAVAILABLE),
)
_RPC_CODES = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    404: code_pb2.NOT_FOUND,
    405: code_pb2.UNIMPLEMENTED,
    408: code_pb2.DEADLINE_EXCEEDED,
    413: code_pb2.INVALID_ARGUMENT,
    415: code_pb2.INVALID_ARGUMENT,
    431: code_pb2.INVALID_ARGUMENT,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as both protocols tell it."""

    http: int
    code: int  #: google.rpc.Code, which is also gRPC's
    message: str
    retry_after: int | None = None  #: seconds

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that ``error`` is; what we did not raise on purpose is logged."""
        for kind, http, code in _TABLE:
            if isinstance(error, kind):
                retry = BusyError.retry_after if http in {429, 503} else None
                return cls(http, code, str(error), retry)
        _log.error("a request failed unexpectedly", exc_info=error)
        return cls(500, code_pb2.INTERNAL, "tracemap failed on this request; its log says why")

    @classmethod
    def http_only(cls, status: int, message: str) -> Failure:
        """A failure of the HTTP request itself."""
        return cls(status, _RPC_CODES[status], message)

    def to_protobuf(self) -> bytes:
        """A google.rpc.Status, with RetryInfo where trying again makes sense."""
        status = Status(code=self.code, message=self.message)
        if self.retry_after is not None:
            info = RetryInfo(retry_delay=Duration(seconds=self.retry_after))
            status.details.add().Pack(info)
        return bytes(status.SerializeToString())

    def to_json(self) -> bytes:
        """A google.rpc.Status as JSON."""
        return orjson.dumps({"code": self.code, "message": self.message})


def success_to_protobuf(taken: Taken) -> bytes:
    """The answer to a request that is stored: ExportTraceServiceResponse.

    Those of the other signals differ from it in the names of their fields alone.
    """
    if not taken.reasons:
        return b""
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = taken.rejected
    response.partial_success.error_message = _message(taken)
    return response.SerializeToString()


def success_to_json(taken: Taken, signal: Signal = TRACES) -> bytes:
    """The same as OTLP/JSON, where 64-bit integers are text."""
    if not taken.reasons:
        return b"{}"
    partial = {signal.rejected: str(taken.rejected), "errorMessage": _message(taken)}
    return orjson.dumps({"partialSuccess": partial})


def _message(taken: Taken) -> str:
    return "; ".join(taken.reasons)
