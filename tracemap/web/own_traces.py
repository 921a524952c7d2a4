"""Where tracemap's own spans go: over OTLP to another collector, or into this very database.

The SDK is set up as its environment variables say (OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_*,
OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_*). Without a sampler of theirs only so many requests a
second are traced.

There is no endless loop. Into this database spans are written beside the receivers, without a span
for that, and without being a reason for another analysis. Sent to another collector that sends them
back, they are known by the id of this instance (``tracing.request``).
"""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.environment_variables import OTEL_TRACES_SAMPLER
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult

from tracemap import __version__, tracing
from tracemap.batch import SpanBatch
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import InputError, TracemapError

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind
    from opentelemetry.trace.span import TraceState
    from opentelemetry.util.types import Attributes

_log = logging.getLogger(__name__)

#: Into the database that is served.
SELF: Final = "self"
#: To where OTEL_EXPORTER_OTLP_ENDPOINT says.
ENVIRONMENT: Final = "env"
#: Traces begun in a second, unless OTEL_TRACES_SAMPLER says otherwise.
_MOST: Final = 10
#: Milliseconds for what is not exported yet when the server ends.
_LAST: Final = 3000


class _Few(Sampler):
    """So many a second, the first of each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._second = 0
        self._begun = 0

    def should_sample(  # the SDK gives it more than it needs
        self,
        parent_context: Context | None,  # noqa: ARG002
        trace_id: int,  # noqa: ARG002
        name: str,  # noqa: ARG002
        kind: SpanKind | None = None,  # noqa: ARG002
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        """Whether it is one of the first of this second."""
        now = int(time.monotonic())
        with self._lock:
            if now != self._second:
                self._second, self._begun = now, 0
            self._begun += 1
            few = self._begun <= self._most
        return SamplingResult(Decision.RECORD_AND_SAMPLE if few else Decision.DROP, attributes)

    def get_description(self) -> str:
        """For people."""
        return f"{self._most} traces a second"


class _Into(SpanExporter):
    """Writes spans by ``write``, as a receiver would have them."""

    def __init__(self, write: Callable[[Sequence[SpanBatch]], object]) -> None:
        self._write = write

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Store them. Failure is told, and the spans are gone."""
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

        try:
            self._write([decode([encode_spans(spans).SerializeToString()])])
        except TracemapError as error:
            _log.warning("tracemap's own spans could not be stored: %s", error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing to end."""


class OwnTraces:
    """tracemap's own spans from the start until ``stop``.

    ``to`` is SELF, ENVIRONMENT, or the URL of an OTLP endpoint, ``http://HOST:PORT``; ``write``
    stores batches in the database that is served. Raises InputError for an address that is none.
    """

    def __init__(self, to: str, write: Callable[[Sequence[SpanBatch]], object]) -> None:
        exporter = _Into(write) if to == SELF else _exporter(to)
        instance = str(uuid.uuid4())
        own = {"service.name": "tracemap", "service.version": __version__}
        resource = Resource(own | {"service.instance.id": instance}).merge(
            OTELResourceDetector().detect()
        )
        instance = str(resource.attributes["service.instance.id"])
        sampler = None if os.environ.get(OTEL_TRACES_SAMPLER) else ParentBased(_Few(_MOST))
        self._provider = TracerProvider(sampler, resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        tracing.use(self._provider.get_tracer("tracemap", __version__), instance.encode())

    def stop(self) -> None:
        """No more spans; those that wait are exported."""
        tracing.use(None)
        self._provider.force_flush(_LAST)
        self._provider.shutdown()


def check(to: str) -> str:
    """``to`` when it is a place where traces can go. Raises InputError."""
    if to not in {SELF, ENVIRONMENT} and not to.startswith(("http://", "https://")):
        raise InputError(
            f'"{to}" is no place for traces', do="give self, env, or http://HOST:PORT of OTLP"
        )
    return to


def _exporter(to: str) -> SpanExporter:
    """An exporter of the SDK, over the protocol that OTEL_EXPORTER_OTLP_PROTOCOL says."""
    told = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", told)
    given: dict[str, Any] = {} if to == ENVIRONMENT else {"endpoint": to}
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
            OTLPSpanExporter as GrpcExporter,
        )

        return GrpcExporter(**given)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
        OTLPSpanExporter as HttpExporter,
    )

    if given and not to.rstrip("/").endswith("/v1/traces"):
        given["endpoint"] = to.rstrip("/") + "/v1/traces"
    return HttpExporter(**given)
