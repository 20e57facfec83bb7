"""How updates of a channel are put together. Pure; replaced with `langgraph.types.Overwrite`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...nodes.channels import Found

SHORTEST = 4


def union(left: Sequence[str], right: Sequence[str]) -> list[str]:
    """Each once, in the order in which they came."""
    return list(dict.fromkeys([*left, *right]))


def latest(_: Sequence[str], right: Sequence[str]) -> list[str]:
    """The last that was written; in a thread of a release without the channel, none."""
    return list(right)


def merge_found(left: Sequence[Found], right: Sequence[Found]) -> list[Found]:
    """Each place once with its best rank and scores. An evidence id, once given, never changes."""
    merged = {place["key"]: place for place in left}
    for place in right:
        known = merged.get(place["key"])
        taken = {other["id"] for other in merged.values()}
        merged[place["key"]] = _better(known, place) if known else {**place, "id": evidence_id(place["key"], taken)}
    return list(merged.values())


def _better(known: Found, again: Found) -> Found:
    cosines = [cosine for cosine in (known["cosine"], again["cosine"]) if cosine is not None]
    return {
        **known,
        "rank": min(known["rank"], again["rank"]),
        "score": max(known["score"], again["score"]),
        "cosine": max(cosines, default=None),
    }


def evidence_id(key: str, taken: Iterable[str]) -> str:
    """`E` and the shortest prefix of the key, four characters at least, that no other evidence of the run has."""
    others = set(taken)
    lengths = range(SHORTEST, len(key) + 1)
    return next((f"E{key[:length]}" for length in lengths if f"E{key[:length]}" not in others), f"E{key}")
