"""OTLP requests of metrics: they are counted, so that the answer can say what is not stored.

Read by hand: nothing of them is needed but how many there are, and so nothing is kept.
"""

from __future__ import annotations

from typing import Final

from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.nested import fields, messages
from tracemap.errors import PayloadError, TooLargeError

#: Fields of Metric (metrics.proto) that hold data points, each in its field 1.
_KINDS: Final = frozenset({5, 7, 9, 10, 11})


def data_points(body: bytes, *, limits: Limits = DEFAULT_LIMITS) -> int:
    """The data points of a serialised ``ExportMetricsServiceRequest``.

    Raises PayloadError when it is none, TooLargeError beyond ``limits.items``.
    """
    points = items = 0

    def more(count: int = 1) -> int:
        if items + points + count > limits.items:
            raise TooLargeError(
                f"the request holds more than {limits.items} metrics and data points",
                do="send it in smaller requests",
            )
        return count

    try:
        for resource in messages(body, 1):
            items += more()
            for scope in messages(resource, 2):
                items += more()
                for metric in messages(scope, 2):
                    items += more()
                    points += more(_points(metric))
    except (IndexError, ValueError) as error:
        raise PayloadError(f"this is not an OTLP metrics request ({error})") from error
    if body and not items:
        raise PayloadError("this is not an OTLP metrics request (it holds no resource metrics)")
    return points


def _points(metric: bytes) -> int:
    return sum(
        1
        for number, wire, kind in fields(metric)
        if wire == 2 and number in _KINDS
        for _ in messages(kind, 1)
    )
