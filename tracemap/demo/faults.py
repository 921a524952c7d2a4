"""What goes wrong in a run, decided by its seed before anything starts.

Pure: the same seed and number of orders give the same script. The script also holds what merely
looks wrong (a retry, a refund, a batch), which must not be reported.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from random import Random
from typing import Final

from tracemap.demo.topology import PLACED, SHIPPED
from tracemap.errors import InputError

#: The order that the dead worker holds, whatever the seed: "order 4711, who has it right now?"
HELD_ORDER: Final = 4711
#: Messages that the notification service takes at once, one time in the run.
BATCH: Final = 20
#: Below this the model has too few samples (30) left on either side of the faults.
FEWEST_ORDERS: Final = 80

#: Destinations whose messages the traces can follow. Where the context is lost, nobody could say
#: from telemetry which message is missing.
_TRACKED: Final = (PLACED, SHIPPED)


@dataclass(frozen=True, slots=True)
class Script:
    """The order numbers of one run and what happens to which. Orders are decimal text."""

    seed: int
    first_order: int
    orders: int
    lost: str  # the broker drops this order's message
    lost_at: str
    twice: str  # the broker delivers this order's message again after it was acknowledged
    twice_at: str
    held: str  # the shipping worker dies with this order in hand
    retried: str  # the payment gateway times out once, then answers
    refunded: str  # the carrier refuses the parcel; payment refunds, inventory releases
    batch_after: int  # notifications sent one by one before the batch of BATCH

    def order_ids(self) -> list[str]:
        """All orders in the sequence in which customers place them."""
        return [str(self.first_order + position) for position in range(self.orders)]

    def work_seconds(self, order: str, step: str, low: float, high: float) -> float:
        """How long ``step`` takes for ``order``: the same in every run of this seed."""
        return Random(f"{self.seed}/{order}/{step}").uniform(low, high)

    def to_json(self) -> str:
        """For the environment of the shop's processes; ``from_json`` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Script:
        return cls(**json.loads(text))


def plan(seed: int, orders: int = 200) -> Script:
    """Choose the orders that go wrong.

    Every fault lies in the middle of the run: the services' habits are known before it, and
    enough ordinary traffic follows for the fault to show (a lost message is overtaken, a dead
    worker's silence is long against its rhythm).
    """
    if orders < FEWEST_ORDERS:
        raise InputError(
            f"{orders} orders are too few to learn what is normal",
            do=f"use --orders {FEWEST_ORDERS} or more",
        )
    random = Random(seed)
    middle = range(orders // 5, orders * 3 // 5)
    lost, twice, held, retried, refunded = random.sample(middle, 5)
    first = HELD_ORDER - held
    return Script(
        seed=seed,
        first_order=first,
        orders=orders,
        lost=str(first + lost),
        lost_at=random.choice(_TRACKED),
        twice=str(first + twice),
        twice_at=random.choice(_TRACKED),
        held=str(HELD_ORDER),
        retried=str(first + retried),
        refunded=str(first + refunded),
        batch_after=random.randrange(orders * 2 // 5, orders * 3 // 5),
    )
