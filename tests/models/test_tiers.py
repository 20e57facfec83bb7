from __future__ import annotations

import pytest

from hydragraph.domain import Role, Tier
from hydragraph.models.tiers import (
    DEFAULT_ROLES,
    DEFAULT_TIERS,
    RESERVE,
    prompt_tokens,
    reply_tokens,
    thinks,
    tiers_for,
)
from hydragraph.settings import TierConfig

SMALL = TierConfig("m", num_ctx=4096, num_predict=1024)


@pytest.mark.parametrize(
    ("role", "configured", "expected"),
    [
        ("classify", ("local_fast", "local_quality"), ("local_fast", "local_quality")),
        ("generate", ("local_fast", "local_quality"), ("local_quality",)),
        ("generate", ("local_fast",), ("local_fast",)),
        ("classify", ("local_quality",), ("local_quality",)),
        ("classify", ("local_quality", "api", "local_fast"), ("local_fast", "local_quality", "api")),
        ("generate", (), ()),
        ("embed", ("local_fast",), ()),
    ],
)
def test_a_role_climbs_from_its_default(role: Role, configured: tuple[Tier, ...], expected: tuple[Tier, ...]) -> None:
    assert tiers_for(role, dict.fromkeys(configured, SMALL), DEFAULT_ROLES) == expected


def test_prompt_reply_and_reserve_share_the_context() -> None:
    assert reply_tokens("grade", SMALL) + prompt_tokens("grade", SMALL) + RESERVE == SMALL.num_ctx
    assert reply_tokens("grade", SMALL) < reply_tokens("generate", SMALL) == SMALL.num_predict


def test_a_reply_as_long_as_the_context_is_refused() -> None:
    with pytest.raises(ValueError, match="num_predict"):
        TierConfig("m", num_ctx=512, num_predict=512)


@pytest.mark.parametrize(
    ("role", "purpose", "expected"),
    [("classify", "text", False), ("generate", "text", True), ("reflect", "structured", False)],
)
def test_decisions_are_made_without_thoughts(role: Role, purpose: str, expected: bool) -> None:
    config = TierConfig("m", think=True)
    assert thinks(role, config, "structured" if purpose == "structured" else "text") is expected


def test_the_default_tiers_serve_every_role_of_text() -> None:
    assert {role for role in DEFAULT_ROLES if tiers_for(role, DEFAULT_TIERS, DEFAULT_ROLES)} == set(DEFAULT_ROLES)
