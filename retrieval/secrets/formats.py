"""Credentials that give themselves away: private keys, tokens with a known prefix, JSON web tokens, passwords in URLs
and in the headers and arguments of requests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from .values import is_drawn, is_password, is_placeholder

# By the text that each begins with: looking for that first is many times faster than one large expression.
_KNOWN: Final = {
    prefix: re.compile(expression)
    for prefix, expression in (
        ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("ghp_", r"\bghp_[A-Za-z0-9]{36}"),
        ("gho_", r"\bgho_[A-Za-z0-9]{36}"),
        ("ghu_", r"\bghu_[A-Za-z0-9]{36}"),
        ("ghs_", r"\bghs_[A-Za-z0-9]{36}"),
        ("ghr_", r"\bghr_[A-Za-z0-9]{36}"),
        ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60,}"),
        ("glpat-", r"\bglpat-[\w-]{20,}"),
        ("xox", r"\bxox[abeoprs]-[0-9A-Za-z-]{20,}"),
        ("xapp-", r"\bxapp-\d-[A-Z0-9]{8,}-\d{8,}-[0-9a-f]{32,}"),
        ("hooks.slack.com", r"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/(\w{20,})"),
        ("sk-ant-", r"\bsk-ant-[\w-]{32,}"),
        ("sk-", r"\bsk-(?:(?:proj|svcacct|or-v1)-[\w-]{32,}|[A-Za-z0-9]{40,})"),
        ("gsk_", r"\bgsk_[A-Za-z0-9]{48,}"),
        ("AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("GOCSPX-", r"\bGOCSPX-[\w-]{28}"),
        ("ya29.", r"\bya29\.[\w-]{40,}"),
        ("k_live_", r"\b[sr]k_live_[0-9A-Za-z]{20,}"),
        ("whsec_", r"\bwhsec_[0-9A-Za-z]{32,}"),
        ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("pypi-", r"\bpypi-AgEIcHlwaS[\w-]{40,}"),
        ("hf_", r"\bhf_[A-Za-z]{34}\b"),
        ("SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}"),
        ("dop_v1_", r"\bdop_v1_[0-9a-f]{64}"),
        ("dckr_pat_", r"\bdckr_pat_[\w-]{20,}"),
        ("dapi", r"\bdapi[0-9a-f]{32}\b"),
        ("hvs.", r"\bhvs\.[\w-]{24,}"),
        ("shpat_", r"\bshpat_[0-9a-fA-F]{32}"),
        ("ATATT3", r"\bATATT3[\w=-]{60,}"),
        ("PMAK-", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
        (":AA", r"\b\d{8,10}:AA[\w-]{33}\b"),  # Telegram
        ("AGE-SECRET-KEY-", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
    )
}
_OPENING: Final = r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE_KEY = re.compile(
    rf"{_OPENING}(?:\\[rn]|[\s\"',;+(){{}}|>]){{0,80}}"
    r"(?:[\w-]{1,40}: [^\n]{0,200}\s{1,40}){0,4}[A-Za-z0-9+/=]{16}"
)
KEY_FILE: Final = re.compile(rf"\s*{_OPENING}\s")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
_KEY_BODY = re.compile(r"(?:[A-Za-z0-9+/=]{16,200}|\\[rn]|[\s\"',;+]){1,400}[A-Za-z0-9+/=]*")
_MAX_KEY: Final = 20_000
_JWT = re.compile(r"\beyJ[\w-]{15,2000}\.(eyJ[\w-]{12,8000})\.[\w-]{16,2000}")
_CLAIMS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_URL_PASSWORD = re.compile(r"://[^\s:/@\"'`<>]{0,64}:([^\s:/@\"'`<>]{6,128})@")
_AUTHORIZATION = re.compile(r"(?i)(?:\bauthorization\b.{0,24}?|\b)(bearer|basic|token)[ \t]{1,4}([\w.~+/=-]{8,2000})")
_CURL_USER = re.compile(
    r"\bcurl\b(?:[^\n\\|]|\\\n|\\.){0,400}?[ \t](?:-u|--user|--proxy-user|-U)(?:[ \t=]{0,4})[\"']?"
    r"[^\s:\"'`]{1,64}:([^\s\"'`|]{6,128})"
)
_LOGIN = re.compile(r"\blogin[ \t]{1,8}\S{1,64}\s{1,8}password[ \t]{1,8}(\S{6,128})")

Span = tuple[int, int]


def of_known_format(text: str) -> Iterator[Span]:
    """Where credentials stand that nothing has to be said about."""
    for prefix, known in _KNOWN.items():
        if prefix in text:
            yield from (
                match.span() for match in known.finditer(text) if not is_placeholder(match[match.lastindex or 0])
            )
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)
    if "eyJ" in text:
        yield from (match.span() for match in _JWT.finditer(text) if _is_claim(match[1]))
    for hint, expression, group, judge in _SAID:
        if hint.search(text):
            yield from (match.span(group) for match in expression.finditer(text) if judge(match))


def _private_keys(text: str) -> Iterator[Span]:
    """Each key from its first line to its last, or as far as it goes where its end was cut off."""
    for match in _PRIVATE_KEY.finditer(text):
        end = _KEY_END.search(text, match.end(), match.end() + _MAX_KEY)
        if end is None:
            end = _KEY_BODY.match(text, match.end())
        yield match.start(), end.end() if end is not None else match.end()


def _is_claim(payload: str) -> bool:
    """Whether a JSON web token says anything of a person or a session: those of manuals often do not."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return True
    return not isinstance(claims, dict) or not _CLAIMS.isdisjoint(claims)


def _is_first_password(match: re.Match[str]) -> bool:
    return is_password(match[1].rstrip(".,;)"))


def _is_authorization(match: re.Match[str]) -> bool:
    """`Basic` carries a password, and only where it stands in a header; the others a token."""
    value = match[2]
    in_header = match[0][:13].lower() == "authorization"
    if match[1].lower() == "basic":
        return in_header and is_password(_password_of(value))
    return (in_header or match[1].lower() == "bearer") and len(value) >= 16 and is_drawn(value.rstrip("."))


def _password_of(basic: str) -> str:
    """The password in the base64 of `user:password`."""
    try:
        decoded = base64.b64decode(basic + "=" * (-len(basic) % 4)).decode()
    except ValueError:
        return ""
    return decoded.partition(":")[2]


_Judge = Callable[[re.Match[str]], bool]
_SAID: Final[tuple[tuple[re.Pattern[str], re.Pattern[str], int, _Judge], ...]] = (
    (re.compile("://"), _URL_PASSWORD, 1, _is_first_password),
    (re.compile(r"(?i)bearer|authorization"), _AUTHORIZATION, 2, _is_authorization),
    (re.compile("curl"), _CURL_USER, 1, _is_first_password),
    (re.compile("login"), _LOGIN, 1, _is_first_password),
)
