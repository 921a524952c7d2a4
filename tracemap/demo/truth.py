"""What the report has to say about a run: its injected faults, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tracemap.demo.faults import BATCH, Script
from tracemap.demo.topology import DESTINATIONS


@dataclass(frozen=True, slots=True)
class Injected:
    """One fault, the order it hit, and the only finding it may cause."""

    fault: str
    order: str
    rule: str
    service: str  # where it went wrong

    def __str__(self) -> str:
        return f"{self.rule} on order {self.order}: {self.fault}"


def injected(script: Script) -> list[Injected]:
    """The faults of a run."""
    consumer = DESTINATIONS[script.twice_at].groups[0]
    return [
        Injected(
            f"the broker lost its message to {script.lost_at}",
            script.lost,
            "ORP002",
            DESTINATIONS[script.lost_at].producer,
        ),
        Injected(
            f"{consumer} processed its message from {script.twice_at} twice",
            script.twice,
            "DUP001",
            consumer,
        ),
        Injected("the shipping worker died holding it", script.held, "ORP001", "shipping"),
    ]


def look_alikes(script: Script) -> list[str]:
    """What merely looked wrong in a run and must not be reported."""
    return [
        f"order {script.retried}: the payment gateway timed out once, the retry succeeded",
        f"order {script.refunded}: the carrier refused it; refunded, and the goods released",
        f"{BATCH} orders: notification took their messages in one batch",
    ]


def differences(truth: Iterable[Injected], found: Iterable[tuple[str, str | None]]) -> list[str]:
    """What a report got wrong, one sentence each; empty when it is exactly the truth.

    ``found`` holds the rule and the order (None: a finding on no order) of each finding.
    """
    reported = Counter(found)
    expected = {(fault.rule, fault.order): fault for fault in truth}
    wrong = [f"not reported: {fault}" for place, fault in expected.items() if not reported[place]]
    for (rule, order), times in sorted(reported.items(), key=str):
        about = f"{rule} on order {order}" if order else f"{rule} on no order"
        if (rule, order or "") not in expected:
            wrong.append(f"reported, but not injected: {about}")
        elif times > 1:
            wrong.append(f"reported {times} times: {about}")
    return wrong
