"""URLs as httpx reads them, without importing httpx: which part is user and password, and which the host.

The authority ends at the first `/`, `?` or `#`, and the user's part at the last `@` of it (RFC 3986, section 3.2). The
tests compare with httpx.URL.
"""

from __future__ import annotations

import re

HIDDEN = "***"
# A host that can be reached, with user and password before it. A password with `/`, `?` or `#` has to be escaped: it
# would end the authority, so an `@` after that is refused as well.
_PORT = r"(?::(?:\d{0,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]\x00-\x1f\x7f]+)"
_AFTER = r"(?:[/?#][^\s@\x00-\x1f\x7f]*)?"
HTTP_URL = rf"https?://(?:[^\s/?#\x00-\x1f\x7f]*@)?{_HOST}{_PORT}{_AFTER}"
BOLT_URL = rf"(?:neo4j|bolt)(?:\+s|\+ssc)?://{_HOST}{_PORT}{_AFTER}"
_AUTHORITY_END = re.compile(r"[/?#\x00-\x1f\x7f]")
_HOST_OF = re.compile(r"\[([^\]]*)\]|([^:]*)")
_HOST_IN_TEXT = re.compile(r"(?:\[[^\]]*\]|[^:\s]*)(?::\d*)?(?=:?(?:[\s\"'`),;.>\]}]|$))")


def hide_secrets(text: str, *secrets: str) -> str:
    """A text without the user name and password of any URL in it, and without these secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    before, *parts = text.split("://")
    return "://".join([before, *map(_without_user, parts)])


def hide_until_host(text: str) -> str:
    """The same for a text that should be a URL and is none: everything up to its last `@` may be a password."""
    before, at, host = text.rpartition("@")
    scheme = re.match(r"\w+://", before)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{host}" if at else text


def host_of(url: str) -> str:
    """The host of a URL, in lower case and without the brackets of an IPv6 address."""
    authority, _ = _split(url.partition("://")[2])
    found = _HOST_OF.match(authority.rpartition("@")[2])
    return (found[1] or found[2] or "").lower() if found else ""


def port_of(url: str, default: int) -> int:
    authority, _ = _split(url.partition("://")[2])
    port = re.search(r":(\d+)$", authority.rpartition("@")[2])
    return int(port[1]) if port else default


def _without_user(part: str) -> str:
    """What follows `://`. Where no host and port stand before the path, the password goes on in it."""
    authority, rest = _split(part)
    _, at, host = authority.rpartition("@")
    token = re.match(r"\S*", rest)
    if token and "@" in token[0] and not _HOST_IN_TEXT.match(host):
        return f"{HIDDEN}@{rest[token[0].rindex('@') + 1 :]}"
    return f"{HIDDEN}@{host}{rest}" if at else part


def _split(part: str) -> tuple[str, str]:
    """Authority and rest of what follows `://`."""
    end = _AUTHORITY_END.search(part)
    at = end.start() if end else len(part)
    return part[:at], part[at:]
