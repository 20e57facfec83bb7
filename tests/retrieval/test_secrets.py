"""Credentials are found, and ordinary code is not taken for them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import hydragraph.retrieval
from hydragraph.retrieval.secrets import entropy, holds_secret, is_secret_path

RANDOM = "q7Zr2Kx9" + "Lm4Vt8Bw1" + "Nc6Yp3Hd5Jf0"
HEX = "9f86d081884c7d65" + "9a2feaa0c55ad015"
KEY_BODY = "MIIEowIBAAKCAQEAx7" + "Qk2vZ"


def token(claims: dict[str, object]) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{RANDOM}"


@pytest.mark.parametrize(
    "path",
    [
        "a/.env", ".env.local", ".envrc", "prod.env", "id_rsa", ".ssh/id_ed25519", "deploy_rsa", "server.PEM",
        "tls.key",
        "app.p12", "app.pfx", "release.jks", "debug.keystore", ".netrc", ".npmrc", ".pypirc", ".git-credentials",
        "terraform.tfstate", "home/.aws/credentials", "home/.docker/config.json",
    ],
)  # fmt: skip
def test_key_files_are_known_by_name(path: str) -> None:
    assert is_secret_path(path)


@pytest.mark.parametrize("path", ["env.py", "environment.md", "id_rsa.pub", "keys.py", "credentials.py", "config.json"])
def test_other_names_are_no_key_files(path: str) -> None:
    assert not is_secret_path(path)


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "Q3ZX7M2K5T9W4RBD",
        "ghp_" + RANDOM + "Ab1Cd2Ef3G",
        "github_pat_" + RANDOM * 3,
        "glpat-" + RANDOM[:20],
        "xoxb-" + "1234567890-abcdefghij",
        "sk-" + RANDOM + RANDOM,
        "sk-ant-" + RANDOM + RANDOM,
        "sk-proj-" + RANDOM + RANDOM,
        "AIza" + RANDOM + "Ab1Cd2",
        "sk_live_" + RANDOM,
        "npm_" + RANDOM + "Ab1Cd2E",
        "https://hooks.slack.com/services/T00000000/B00000000/" + RANDOM,
        "-----BEGIN RSA " + "PRIVATE KEY-----\n" + KEY_BODY,
        'KEY = "-----BEGIN ' + "PRIVATE KEY-----\\n" + KEY_BODY + '"',
        "-----BEGIN RSA " + "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + KEY_BODY,
        token({"sub": "1", "exp": 2}),
        f'password = "{RANDOM}"',
        f"'client_secret': '{RANDOM}',",
        f"API_KEY: str = '{HEX}'",
        f"apiKey: `{RANDOM}`,",
        f"db_password: {RANDOM}\n",
        f"export SECRET_TOKEN={RANDOM}\n",
        f'os.environ["AUTH_TOKEN"] = "{RANDOM}"',
        f'set_password("admin_password", "{RANDOM}")',
        f"postgresql://app:{RANDOM}@db/app",
    ],
)
def test_a_credential_is_found_in_the_middle_of_a_text(text: str) -> None:
    assert holds_secret(f"# A file\nx = 1\n{text}\ny = 2\n")


@pytest.mark.parametrize(
    "text",
    [
        'password = "correct horse battery staple"',
        'token = "your-api-token-1234"',
        'secret = "${SECRET_FROM_ENVIRONMENT_1}"',
        'api_key = os.environ["OPENAI_API_KEY_2"]',
        'password_hash_algorithm = "pbkdf2_sha256_rounds"',
        "token = self._next_token_from_stream_2(reader)",
        "SECRET_TOKEN=get_secret_from_vault_v2",
        'sha256 = "' + HEX * 2 + '"',
        '{"integrity": "sha512-' + RANDOM * 2 + '=="}',
        'if line.startswith("-----BEGIN RSA PRIVATE KEY-----"): raise ValueError(line)',
        "postgresql://scott:tiger@localhost/test",
        "postgresql://user:${DB_PASSWORD_FROM_ENV}@host/db",
        'token_url = "https://example.com/oauth2/token"',
        'password = "xxxxxxxxxxxxxxxxxxxx1"',
        'cache_key = "user:profile:v2:settings"',
        token({"some": "payload"}),
        "eyJ is how the header of a token begins",
        "commit 9f86d081884c7d659a2feaa0c55ad0153a1b2c3d\n",
    ],
)
def test_ordinary_text_is_no_credential(text: str) -> None:
    assert not holds_secret(text)


def test_our_own_source_holds_none() -> None:
    folder = Path(str(hydragraph.retrieval.__file__)).parent

    assert [path.name for path in folder.glob("*.py") if holds_secret(path.read_text())] == []


def test_a_long_text_without_line_ends_is_scanned_in_linear_time() -> None:
    assert not holds_secret("secret=" * 50_000)
    assert not holds_secret("-----BEGIN " + "PRIVATE KEY-----" + "a: b " * 50_000)


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
