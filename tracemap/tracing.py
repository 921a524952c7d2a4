"""tracemap's own spans, through the OpenTelemetry API: what it was doing, for who operates it.

Nothing happens, and nothing of OpenTelemetry is loaded, until ``use`` gives a tracer. Names of
spans are those of the work; none of their attributes holds text that came with telemetry.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_NOTHING: Final = nullcontext()
_tracer: Any = None
_own = b""


def use(tracer: Any, own: bytes = b"") -> None:
    """Trace with ``tracer`` from here on; None: no more.

    What holds ``own``, the id of this instance, carries spans of this very process: taking it in
    is not traced, for that span would come in with the next ones, and so on without end.
    """
    global _tracer, _own
    _tracer, _own = tracer, own


def only_own(batches: Sequence[Any]) -> bool:
    """Whether decoded batches hold nothing but spans of this very process."""
    if _tracer is None or not _own:
        return False
    own = _own.decode()
    return all(own in sent.values for batch in batches for sent in batch.resources)


def span(name: str, **attributes: str | float) -> AbstractContextManager[Any]:
    """A span around a with statement, the child of the one that is around it."""
    if _tracer is None:
        return _NOTHING
    named = {f"tracemap.{key}": value for key, value in attributes.items()}
    return _tracer.start_as_current_span(name, attributes=named)  # type: ignore[no-any-return]


def traced(name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A decorator: a span around each call."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if _tracer is None:
                return function(*args, **kwargs)
            with span(name):
                return function(*args, **kwargs)

        return run

    return decorate


def request(signal: str, body: bytes, done: Future[Any]) -> None:
    """A span from here until ``done``: a request of ``signal``, from its arrival to its answer."""
    if _tracer is None or (_own and _own in body):
        return
    from opentelemetry.trace import SpanKind

    attributes = {"tracemap.signal": signal, "tracemap.bytes": len(body)}
    began = _tracer.start_span(f"receive {signal}", kind=SpanKind.SERVER, attributes=attributes)
    done.add_done_callback(functools.partial(_answered, began))


def _answered(began: Any, done: Future[Any]) -> None:
    from opentelemetry.trace import StatusCode

    if done.cancelled():
        began.set_status(StatusCode.ERROR, "the sender left")
    elif (error := done.exception()) is not None:
        # Its kind, not its text: that may quote what was sent.
        began.set_attribute("error.type", type(error).__name__)
        began.set_status(StatusCode.ERROR)
    else:
        rejected = getattr(done.result(), "rejected", 0)
        if rejected:
            began.set_attribute("tracemap.rejected", rejected)
    began.end()
