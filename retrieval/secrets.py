"""What must not be indexed: key files by name, and texts that hold credentials.

Known key formats count wherever they stand; any other string counts only as the value of something called a password,
token, key or secret, and only if it looks drawn at random.
"""

from __future__ import annotations

import math
import re
from collections import Counter
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
_KNOWN = re.compile(
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{60,255}\b|\bglpat-[\w-]{20,}"
    r"|\bxox[abeoprs]-[0-9A-Za-z-]{20,}|https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"
    r"|\bsk-ant-[\w-]{32,}|\bsk-(?:proj-|svcacct-)[\w-]{32,}|\bsk-[A-Za-z0-9]{40,}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}\b|\b[sr]k_live_[0-9A-Za-z]{20,}|\bwhsec_[0-9A-Za-z]{32,}"
    r"|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEIcHlwaS[\w-]{40,}|\bhf_[A-Za-z0-9]{34,}\b|\bSG\.[\w-]{22}\.[\w-]{43}\b"
    r"|\bdop_v1_[0-9a-f]{64}\b|\bdckr_pat_[\w-]{20,}|\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"
    r"|\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{16,}"  # JWT
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?:\\r|\\n|\s|[\"',;+(){}])*)(?:[\w-]+: .*\s+)*"
    r"[A-Za-z0-9+/=]{16,}"
)
_NAMED = re.compile(
    r"(?i)(?:secret|token|passwd|password|passphrase|pwd|api_?-?key|access_?-?key|private_?-?key|signing_?-?key"
    r"|encryption_?-?key|auth_?-?key|credential)s?[\w-]{0,20}[\"']?\]?\s*(?::\s*[\w\[\]. |]{1,20}=|[:=]>?|,)\s*"
    r"(?:[bru]{0,2}[\"'`]([^\s\"'`]{16,512})[\"'`]|([A-Za-z0-9+/_.~-]{20,512}={0,2})\s*$)",
    re.MULTILINE,
)
_URL_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'`<>]{1,64}:([^\s:/@\"'`<>]{12,128})@")
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
    if _KNOWN.search(text) or ("PRIVATE KEY" in text and _PRIVATE_KEY.search(text)):
        return True
    if any(_is_random(match[1] or match[2]) for match in _NAMED.finditer(text)):
        return True
    return any(_is_random(match[1]) for match in _URL_PASSWORD.finditer(text))


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
