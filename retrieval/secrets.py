"""What must not be indexed: key files by name, and texts that hold credentials.

Known key formats count wherever they stand; any other string counts only as the value of something called a password,
token, key or secret, and only if it looks drawn at random.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

_NAMES: Final = (
    ".env*", "*.env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*_rsa", "*_ed25519", "*.pem", "*.key", "*.p8",
    "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.pkcs12", "*.gpg", "*.tfstate",
    "*.tfstate.backup", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", ".git-credentials",
    ".dockercfg", ".s3cfg", ".boto", ".vault-token",
)  # fmt: skip
_PLACES: Final = (
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
    ".gem/credentials",
    ".cargo/credentials.toml",
)
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
        ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60}"),
        ("glpat-", r"\bglpat-[\w-]{20}"),
        ("xox", r"\bxox[abeoprs]-[0-9A-Za-z-]{20}"),
        ("hooks.slack.com", r"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20}"),
        ("sk-ant-", r"\bsk-ant-[\w-]{32}"),
        ("sk-", r"\bsk-(?:(?:proj|svcacct)-[\w-]{32}|[A-Za-z0-9]{40})"),
        ("AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("k_live_", r"\b[sr]k_live_[0-9A-Za-z]{20}"),
        ("whsec_", r"\bwhsec_[0-9A-Za-z]{32}"),
        ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("pypi-", r"\bpypi-AgEIcHlwaS[\w-]{40}"),
        ("hf_", r"\bhf_[A-Za-z]{34}\b"),
        ("SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}"),
        ("dop_v1_", r"\bdop_v1_[0-9a-f]{64}"),
        ("dckr_pat_", r"\bdckr_pat_[\w-]{20}"),
        ("AGE-SECRET-KEY-", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
        (
            "PRIVATE KEY",
            r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|[\s\"',;+(){}]){0,80}"
            r"(?:[\w-]{1,40}: [^\n]{0,200}\s{1,40}){0,4}[A-Za-z0-9+/=]{16}",
        ),
    )
}
_JWT = re.compile(r"\beyJ[\w-]{15,2000}\.(eyJ[\w-]{12,8000})\.[\w-]{16}")
_CLAIMS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_SECRET_WORDS: Final = (
    "secret", "token", "passwd", "password", "passphrase", "pwd", "credential", "api_key", "api-key", "apikey",
    "access_key", "access-key", "accesskey", "private_key", "private-key", "signing_key", "encryption_key",
    "auth_key", "account_key", "master_key",
)  # fmt: skip
_SPELLINGS: Final = (
    *dict.fromkeys(case for word in _SECRET_WORDS for case in (word, word.upper(), word.capitalize())),
    *("apiKey", "ApiKey", "APIKey", "accessKey", "AccessKey", "privateKey", "PrivateKey", "AccountKey"),
)
_ASSIGNED = re.compile(
    r"[\w-]{0,20}[\"']?\]?[ \t]{0,8}(?::[ \t]{0,4}[\w\[\]. |]{1,20}=|[:=]>?|,)[ \t]{0,8}"
    r"(?:[bru]{0,2}[\"'`]([^\s\"'`]{16,512})[\"'`]|([A-Za-z0-9+/_.~-]{20,512}={0,2})[ \t\r]*$)",
    re.MULTILINE,
)
_URL_PASSWORD = re.compile(r"://[^\s:/@\"'`<>]{1,64}:([^\s:/@\"'`<>]{12,128})@")
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|placeholder|change-?_?me|your[-_ ]|redacted|xxxx|\*{3}|\.{3}|\$[{(]|\{\{|<[a-z]|%[(s]"
    r"|1234567890|abcdefgh|test[-_]"
)
_WORDY = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_CHARACTERS = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*?-]+")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{32,}")
MIN_ENTROPY: Final = 3.6


def is_secret_path(path: str) -> bool:
    """Whether the name alone says that this is a key or a file of credentials."""
    name = path.rsplit("/", 1)[-1].lower()
    return any(fnmatchcase(name, pattern) for pattern in _NAMES) or path.lower().endswith(_PLACES)


def holds_secret(text: str) -> bool:
    """Whether a credential stands in the text."""
    if any(prefix in text and known.search(text) for prefix, known in _KNOWN.items()):
        return True
    if "eyJ" in text and any(_is_claim(match[1]) for match in _JWT.finditer(text)):
        return True
    if any(_is_random(value) for value in _assigned(text)):
        return True
    return "://" in text and any(_is_random(match[1]) for match in _URL_PASSWORD.finditer(text))


def _assigned(text: str) -> Iterator[str]:
    """What is assigned to something that is called a secret."""
    for word in _SPELLINGS:
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if match := _ASSIGNED.match(text, end):
                yield match[1] or match[2]
            start = text.find(word, end)


def _is_claim(payload: str) -> bool:
    """Whether a JSON web token says anything of a person or a session: those of manuals often do not."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return True
    return not isinstance(claims, dict) or not _CLAIMS.isdisjoint(claims)


def _is_random(value: str) -> bool:
    """High entropy, digits among the letters, and hardly any part of it a word."""
    if _PLACEHOLDER.search(value):
        return False
    if _HEX.fullmatch(value):
        return entropy(value.lower().removeprefix("0x")) >= 3.0
    if not _CHARACTERS.fullmatch(value) or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    wordy = sum(len(word) for word in _WORDY.findall(value))
    return entropy(value) >= MIN_ENTROPY and wordy <= 0.4 * len(value)


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0
