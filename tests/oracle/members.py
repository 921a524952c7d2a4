"""Membership (design section 5): which identities each span belongs to, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from oracle.messages import Joins, Message
from oracle.world import Identity, Members, Span, World

SHARED_BY = 100


def beside(world: World) -> tuple[dict[Identity, set[Identity]], dict[Identity, set[Identity]]]:
    """What each lower identity stands beside, and the parents of each child execution."""
    told: dict[Identity, set[Identity]] = defaultdict(set)
    parents: dict[Identity, set[Identity]] = defaultdict(set)

    def stand(low: Identity, among: set[Identity], high: Identity) -> None:
        """``low``, on a span with ``among``, near ``high``: what is on its own span goes first."""
        if not any(world.rank(own) < world.rank(low) for own in among):
            told[low].add(high)

    for span, here in world.carried.items():
        if not here:
            continue
        for low in here:
            told[low] |= {high for high in here if world.rank(high) < world.rank(low)}
        there = next((world.carried[a] for a in world.above(span) if world.carried[a]), set())
        for one in here:
            for other in there:
                if world.rank(one) > world.rank(other):
                    stand(one, here, other)
                elif world.rank(one) < world.rank(other):
                    stand(other, there, one)
                elif one not in there:
                    parents[one].add(other)
    told = {low: high for low, high in told.items() if high}
    for low, high in _in_one_trace(world).items():
        told.setdefault(low, high)
    return told, parents


def _in_one_trace(world: World) -> dict[Identity, set[Identity]]:
    """A trace that has one value of each of two keys: they stand together, if all such agree. So
    does each value of one with the only one of the other, where the root names that."""
    values: dict[tuple[int, str], set[Identity]] = defaultdict(set)
    named: set[tuple[int, Identity]] = set()
    for span, here in world.carried.items():
        for identity in here:
            values[span.trace, identity[0]].add(identity)
            if not span.parent:
                named.add((span.trace, identity))
    seen: dict[tuple[Identity, str], set[Identity]] = defaultdict(set)
    for (trace, key), ones in values.items():
        for other, others in ((k, v) for (t, k), v in values.items() if t == trace):
            sole = len(others) == 1 and world.ranks[key] > world.ranks[other]
            if sole and (len(ones) == 1 or (trace, min(others)) in named):
                for one in ones:
                    seen[one, other] |= others
    agreed: dict[Identity, set[Identity]] = defaultdict(set)
    for (low, _), high in seen.items():
        if len(high) == 1:
            agreed[low] |= high
    return agreed


def resolutions(world: World) -> Callable[[Identity], set[Identity]]:
    """What each identity stands for in the end."""
    told, parents = beside(world)

    def stands_for(identity: Identity) -> set[Identity]:
        if identity in parents:
            return {identity}
        found = {end for high in told.get(identity, ()) for end in stands_for(high)}
        return found if 0 < len(found) <= SHARED_BY else {identity}

    return stands_for


# -- 5.2: own, then inherited, until nothing changes -----------------------------------------------


class Membership:
    """``of``: the identities of each span; ``why``: the reasons that the design allows for it."""

    def __init__(self, world: World, joins: Joins) -> None:
        self.world = world
        self.of: dict[Span, Members] = {}
        self.why: dict[Span, str] = {}
        self.joins = joins
        self.takers: dict[Message, list[Span]] = defaultdict(list)
        for taker, messages in joins.items():
            for message in messages:
                self.takers[message].append(taker)
        stands_for = resolutions(world)
        own = {
            span: frozenset(end for one in world.highest(carried) for end in stands_for(one))
            for span, carried in world.carried.items()
            if carried
        }
        self._enter(own, "own")
        batches = self._batches()
        patient = True
        while True:
            waiting = self._waiting(batches) if patient else set()
            moved = self._shared(batches - waiting)
            moved |= self._inside({s.trace for s in waiting})
            moved |= self._outside(waiting)
            if not moved and not waiting:
                break
            # They wait for each other, or for what no key reaches: what is known has to do.
            patient = patient and moved
        self._rest()

    def _open(self) -> list[Span]:
        return [s for s in self.world.all if s not in self.of]

    def _enter(self, found: dict[Span, Members], why: str | dict[Span, str]) -> bool:
        """Take what was found, and whoever is below follows its nearest ancestor of them."""
        for span, members in found.items():
            self.of[span] = members
            self.why[span] = why if isinstance(why, str) else why[span]
        for span in self._open():
            near = next((a for a in self.world.above(span) if a in found), None)
            if near:
                self.of[span] = found[near]
                self.why[span] = "ancestor"
        return bool(found)

    def _batches(self) -> set[Span]:
        """What took several messages, and what took one each in a trace that took several."""
        takers = [s for s in self._open() if s.consumes and self._sources(s)]
        polls = Counter(s.trace for s in takers)
        several = {s for s in self._open() if s.consumes and len(set(s.links)) > 1}
        return several | {s for s in takers if polls[s.trace] > 1}

    def _sources(self, span: Span) -> dict[Span, str]:
        """What it links to, and whose message it took, of what is stored."""
        seen = [m for m in self.joins.get(span, {}) if isinstance(m, Span)]
        return dict.fromkeys(seen, "message") | dict.fromkeys(self.world.links(span), "link")

    def _waiting(self, batches: set[Span]) -> set[Span]:
        """Of which something they took is not known yet."""
        return {
            s
            for s in batches - self.of.keys()
            if any(source not in self.of for source in self._sources(s))
        }

    def _shared(self, batches: set[Span]) -> bool:
        """Batches, by 5.4: all they took, and all that is under them; what took one message by its
        link is of what is under it, else of that."""
        found, why = {}, {}
        for span in batches - self.of.keys():
            below = self._nearest_below(span)
            told = {s: how for s, how in self._sources(span).items() if s in self.of}
            if below and len(set(span.links)) < 2:
                told = {}
            if sets := {self.of[s] for s in told} | below:
                found[span] = frozenset[Identity]().union(*sets)
                why[span] = min(told.values(), default="descendants")
        return self._enter(found, why)

    def _inside(self, put_off: set[int]) -> bool:
        """The rest of its trace, else its descendants, but in traces ``put_off``."""
        moved = False
        for trace in {s.trace for s in self._open()} - put_off:
            members = [s for s in self.world.all if s.trace == trace]
            agreed = {self.of[s] for s in members if s in self.of}
            if len(agreed) == 1:
                rest = {s: min(agreed, key=sorted) for s in members if s not in self.of}
                moved |= self._enter(rest, "trace")
        found = {}
        for span in self._open():
            if span.trace in put_off:
                continue
            sets = self._nearest_below(span)
            if len(sets) == 1 or (sets and span.kind == "consumer"):
                found[span] = frozenset[Identity]().union(*sets)
        return self._enter(found, "descendants") or moved

    def _nearest_below(self, span: Span) -> set[Members]:
        """What its descendants belong to: of each branch the first that says so."""
        found, seen, look = set(), {span}, list(self.world.below[span])
        while look:
            at = look.pop()
            if at in self.of:
                found.add(self.of[at])
            elif at not in seen:
                look += self.world.below[at]
            seen.add(at)
        return found

    def _outside(self, waiting: set[Span]) -> bool:
        """What it links to, what links to it, its message: all at once, from what was known."""
        found, why = {}, {}
        for span in self._open():
            if span in waiting:
                continue
            for reason, others, shared in self._places(span):
                sets = {self.of[o] for o in others if o in self.of}
                if len(sets) == 1 or (sets and shared and span.consumes):
                    found[span] = frozenset[Identity]().union(*sets)
                    why[span] = reason
                    break
        return self._enter(found, why)

    def _places(self, span: Span) -> Iterator[tuple[str, list[Span], bool]]:
        """Where it may belong, with the reason and whether several answers share it."""
        messages = self.joins.get(span, {})
        seen = [m for m in messages if isinstance(m, Span)]
        unseen = [m for m in messages if not isinstance(m, Span)]
        yield "link", self.world.links(span), True
        yield "linked from", self.world.linked_from[span], False
        yield "message", seen, True
        yield "message", self.takers[span], False
        yield "message", [t for m in unseen for t in self.takers[m] if t is not span], False

    def _rest(self) -> None:
        """What no key reaches: traces joined by links and messages, named after who began first."""
        left = set(self._open())
        group = {s.trace: {s.trace} for s in left}
        ties = [(s, t) for s in left for t in self.world.links(s)]
        for message, takers in self.takers.items():
            ends = [message, *takers] if isinstance(message, Span) else takers
            ties += [(ends[0], t) for t in ends[1:]]
        for one, other in ties:
            if one in left and other in left:
                whole = group[one.trace] | group[other.trace]
                for trace in whole:
                    group[trace] = whole
        for span in left:
            first = min(group[span.trace], key=self._began)
            self.of[span] = frozenset({("trace", f"{first:032x}")})
            self.why[span] = "root"

    def _began(self, trace: int) -> tuple[int, int]:
        return min(s.start for s in self.world.all if s.trace == trace), trace
