"""Evidence - the JSON that says why - as words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from tracemap.cli.text import clean, duration, short_id

#: Characters of one value; a list of 200 span ids is for --format json.
MOST: Final = 160
_SHOWN: Final = 3
#: What is added to a deadline before anything is late, and in words.
_ALLOWANCES: Final = {
    "processing_ns": "for processing",
    "arrival_grace_ns": "arrival grace",
}


def evidence_text(evidence: object) -> str:
    """``deadline 15 min, waited 16 min, ...`` of evidence given as JSON text or object."""
    return ", ".join(f"{name} {value}" for name, value in evidence_pairs(evidence))


def evidence_pairs(
    evidence: object, shown: Callable[[str], str] = short_id
) -> list[tuple[str, str]]:
    """Name and value of each fact, in words; empty facts are left out. Texts are as ``shown``."""
    found = _loaded(evidence)
    if found is None:
        return []
    if not isinstance(found, dict):
        return [("", _words("", found, shown))]
    return [(n, v) for n, v in _pairs(found, shown) if v]


def split_expected(evidence: object, *said: str) -> tuple[str, str]:
    """The facts in words, without those ``said`` already; and apart, what should happen next."""
    pairs = evidence_pairs(evidence)
    apart = ("expected next", *said)
    told = ", ".join(f"{name} {value}" for name, value in pairs if name not in apart)
    return told, ", ".join(value for name, value in pairs if name == "expected next")


def _loaded(evidence: object) -> Any:
    if not isinstance(evidence, str):
        return evidence
    try:
        return json.loads(evidence)
    except ValueError:
        return evidence


def _late_after(facts: dict[str, Any]) -> str | None:
    """What the time that passed is compared with: the deadline, and what is allowed on top of it.

    None for evidence of no such sum.
    """
    parts = [facts.get(name) for name in ("deadline_ns", *_ALLOWANCES)]
    if parts[0] is None or not any(parts[1:]):
        return None
    source = facts.get("deadline")
    told = [f"deadline {duration(parts[0])}" + (f", {clean(source)}" if source else "")]
    told += [f"{duration(facts[n])} {word}" for n, word in _ALLOWANCES.items() if facts.get(n)]
    return f"{duration(sum(part or 0 for part in parts))} ({'; + '.join(told)})"


def _pairs(facts: dict[str, Any], shown: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    sum_told = _late_after(facts)
    for name, value in facts.items():
        bare = name.removesuffix("_ns")
        if sum_told and (name == "deadline_ns" or name in _ALLOWANCES):
            if name == "deadline_ns":
                yield "late after", sum_told
            continue
        if value is None or (name == "deadline" and "deadline_ns" in facts):
            continue
        if name != bare and isinstance(facts.get(bare), str):  # a number and where it comes from
            told = f"{_words(name, value, shown)} ({clean(facts[bare])})"
            yield clean(bare).replace("_", " "), told
            continue
        label = clean(name.removesuffix("_ns")).replace("_", " ")
        if isinstance(value, dict):
            inner = ", ".join(f"{n} {v}" for n, v in _pairs(value, shown) if v)
            yield label, f"({inner})" if inner else ""
        else:
            yield label, _words(name, value, shown)


def _words(name: str, value: Any, shown: Callable[[str], str]) -> str:
    if isinstance(value, list):
        some = ", ".join(_words(name, v, shown) for v in value[:_SHOWN])
        more = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
        return f"{some}{more}"
    if isinstance(value, dict):
        return f"({', '.join(f'{n} {v}' for n, v in _pairs(value, shown) if v)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_ns") and isinstance(value, int | float):
        return duration(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    text = shown(str(value))
    return text if len(text) <= MOST else f"{text[:MOST]}…"
