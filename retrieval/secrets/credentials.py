"""What must not be indexed: key files by name, and the credentials that stand in other texts.

Known formats count wherever they stand (`secrets_formats`); any other string counts only where it is said to be a
password, a token or a key, and looks like one rather than like a word, a name or a placeholder (`secrets_named`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from .formats import KEY_FILE, of_known_format
from .named import named

MASK: Final = "\ufdd0"  # no character, and so in no text: stands where a credential stood until its chunk is left out
MASKED: Final = re.compile(f"{MASK}+")
_NAMES: Final = (
    ".env*", "*.env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*_rsa", "*_ed25519", "*.pem", "*.key", "*.p8",
    "*.p12", "*.pfx", "*.jks", "*.jceks", "*.bks", "*.keystore", "*.kdbx", "*.ppk", "*.pkcs12", "*.gpg", "*.ovpn",
    "*.tfstate", "*.tfstate.backup", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".mylogin.cnf", ".npmrc", ".pypirc",
    ".htpasswd", ".git-credentials", ".dockercfg", ".dockerconfigjson", ".s3cfg", ".boto", ".vault-token",
    ".vault_pass*", ".terraformrc", ".secrets", "kubeconfig", "*.kubeconfig",
    *(f"{stem}.{suffix}" for stem in ("secrets", "credentials")
      for suffix in ("json", "yaml", "yml", "toml", "ini", "csv", "txt", "xml")),
    "secrets.*.json", "secrets.*.y*ml", "client_secret*.json", "client-secret*.json", "*service-account*.json",
    "*service_account*.json", "*_credentials.json", "*-credentials.json",
)  # fmt: skip
_PLACES: Final = (
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
    ".gem/credentials",
    ".cargo/credentials",
    ".cargo/credentials.toml",
)
_REPEATED: Final = 8  # characters from which a credential is looked for again where nothing says what it is

Span = tuple[int, int]


def is_secret_path(path: str) -> bool:
    """Whether the name alone says that this is a key or a file of credentials."""
    name = path.rsplit("/", 1)[-1].lower()
    return any(fnmatchcase(name, pattern) for pattern in _NAMES) or path.lower().endswith(_PLACES)


def is_key(text: str) -> bool:
    """Whether the text is a private key, not a text in which one stands."""
    return KEY_FILE.match(text) is not None


def credentials(text: str) -> list[Span]:
    """Where credentials stand, in order: the values only, each wherever it is repeated."""
    found = {*of_known_format(text), *named(text)}
    values = {text[start:end] for start, end in found if end - start >= _REPEATED}
    for value in values:
        if not any(map(str.isspace, value)):
            found.update(_occurrences(text, value))
    return sorted(found)


def masked(text: str) -> str:
    """The text with MASK for each character of a credential but its line ends: no line moves."""
    spans = credentials(text)
    if not spans:
        return text
    parts: list[str] = []
    position = 0
    for start, end in spans:
        if end > position:
            parts.append(text[position : max(start, position)])
            parts.append(re.sub(r"[^\n]", MASK, text[max(start, position) : end]))
            position = end
    return "".join(parts) + text[position:]


def _occurrences(text: str, value: str) -> Iterator[Span]:
    start = text.find(value)
    while start >= 0:
        yield start, start + len(value)
        start = text.find(value, start + len(value))
