"""Credentials are found, and ordinary text is not taken for them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import hydragraph.retrieval
from hydragraph.retrieval.secrets.credentials import MASK, credentials, is_key, is_secret_path, masked
from hydragraph.retrieval.secrets.values import entropy

# In pieces, so that this file is not left out of an index itself.
RANDOM = "q7Zr2Kx9" + "Lm4Vt8Bw1" + "Nc6Yp3Hd5Jf0"
HEX = "9f86d081884c7d65" + "9a2feaa0c55ad015"
KEY_BODY = "MIIEowIBAAKCAQEAx7" + "Qk2vZ"
SHORT = "Xk29" + "vQ7pLw3Z"
LONG = SHORT + "aB" + "81"
LEET = "s3cr3t" + "Passw0rd"
PHRASE = "correct-horse" + "-battery"
AZURE = "Eby8vdM02xNOcqFlqUwJPLlmEtl" + "CDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw" + "=="
UUID = "c4d77c62-6196-4f17" + "-a06b-c462cffae87a"


def token(claims: dict[str, object]) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{RANDOM}"


def basic(user_and_password: str) -> str:
    return base64.b64encode(user_and_password.encode()).decode()


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in credentials(text)]


@pytest.mark.parametrize(
    "path",
    [
        "a/.env", ".env.local", ".envrc", "prod.env", "id_rsa", ".ssh/id_ed25519", "deploy_rsa", "server.PEM",
        "tls.key",
        "app.p12", "app.pfx", "release.jks", "debug.keystore", ".netrc", ".npmrc", ".pypirc", ".git-credentials",
        "terraform.tfstate", "home/.aws/credentials", "home/.docker/config.json", "config/secrets.json",
        "secrets.yaml", "secrets.prod.yml", "credentials.json", "client_secret.json", "client_secret_1234.apps.json",
        "my-service-account.json", "application_default_credentials.json", "kubeconfig", "office.ovpn",
        ".cargo/credentials",
    ],
)  # fmt: skip
def test_key_files_are_known_by_name(path: str) -> None:
    assert is_secret_path(path)


@pytest.mark.parametrize(
    "path",
    ["env.py", "environment.md", "id_rsa.pub", "keys.py", "credentials.py", "config.json", "secrets.py", "secrets.md",
     "credentials.go", "token.json", "client.json", "service.json", "docs/secrets.rst"],
)  # fmt: skip
def test_other_names_are_no_key_files(path: str) -> None:
    assert not is_secret_path(path)


FORMATS = [
    "AKIA" + "Q3ZX7M2K5T9W4RBD",
    "ghp_" + RANDOM + "Ab1Cd2Ef3G",
    "github_pat_" + RANDOM * 3,
    "glpat-" + RANDOM[:20],
    "xoxb-" + "9182736450-abkdlmqrst",
    "sk-" + RANDOM + RANDOM,
    "sk-ant-" + RANDOM + RANDOM,
    "sk-proj-" + RANDOM + RANDOM,
    "gsk_" + RANDOM + RANDOM,
    "AIza" + RANDOM + "Ab1Cd2",
    "GOCSPX-" + RANDOM[:28].ljust(28, "k"),
    "sk_live_" + RANDOM,
    "npm_" + RANDOM + "Ab1Cd2E",
    "dapi" + HEX,
    "hvs." + RANDOM,
    "918273645:" + "AAH" + RANDOM + "x9Q",
    "https://hooks.slack.com/services/T00000000/B00000000/" + RANDOM,
    token({"sub": "1", "exp": 2}),
]
GIVEN = [
    (f'password = "{RANDOM}"', RANDOM),
    (f"'client_secret': '{RANDOM}',", RANDOM),
    (f"API_KEY: str = '{HEX}'", HEX),
    (f"apiKey: `{RANDOM}`,", RANDOM),
    (f"db_password: {RANDOM}\n", RANDOM),
    (f"export SECRET_TOKEN={RANDOM}\n", RANDOM),
    (f'os.environ["AUTH_TOKEN"] = "{RANDOM}"', RANDOM),
    (f'set_password("admin_password", "{RANDOM}")', RANDOM),
    (f'client.set_password("{LONG}")', LONG),
    (f"DB_PASS={LONG}", LONG),
    (f"DB_PASS='{LONG}'", LONG),
    (f"export PGPASSWORD={LONG}", LONG),
    (f"PGPASSWORD={LONG} psql -h db -U app", LONG),
    (f"MYSQL_PWD={LONG}", LONG),
    (f"$env:API_TOKEN = '{LONG}'", LONG),
    (f"set -x SECRET_KEY {LONG}", LONG),
    (f"ENV DB_PASSWORD {LONG}", LONG),
    (f"setenv API_TOKEN {LONG}", LONG),
    (f"AWS_SESSION_TOKEN={RANDOM * 40}", RANDOM * 40),
    (f"X-Api-Key: {RANDOM}", RANDOM),
    (f"Ocp-Apim-Subscription-Key: {HEX}", HEX),
    (f"DB_PW={LONG}", LONG),
    (f"password: {SHORT}", SHORT),
    (f"  password: {SHORT}  # of the staging server", SHORT),
    (f"password: {PHRASE}", PHRASE),
    (f'passphrase = "{PHRASE}"', PHRASE),
    (f'password = "{LEET}"', LEET),
    (f'"password":"{SHORT}"', SHORT),
    (f'\\"password\\": \\"{SHORT}\\"', SHORT),
    (f"password => '{SHORT}',", SHORT),
    (f":password => '{SHORT}'", SHORT),
    (f"password := `{SHORT}`", SHORT),
    (f'const char *db_password = "{SHORT}";', SHORT),
    (f'let api_key: &str = "{RANDOM}";', RANDOM),
    (f'private static final String API_KEY = "{RANDOM}";', RANDOM),
    (f'if (token == "{RANDOM}")', RANDOM),
    (f'SECRET_KEY = (\n    "{RANDOM}"\n)', RANDOM),
    (f"DefaultEndpointsProtocol=https;AccountName=dev;AccountKey={AZURE};EndpointSuffix=core", AZURE),
    (f"Server=db;User Id=sa;Password={SHORT};Encrypt=no", SHORT),
    (f"<password>{LONG}</password>", LONG),
    (f'<ClientSecret type="text">{LONG}</ClientSecret>', LONG),
    (f'<add key="ApiKey" value="{LONG}" />', LONG),
    (f'<property name="password" value="{LONG}"/>', LONG),
    (f"https://api.host.org/v1/items?limit=10&api_key={RANDOM}&page=2", RANDOM),
    (f"deploy --token {LONG} --region eu", LONG),
    (f"deploy --password={LONG}", LONG),
    (f"| password | {SHORT} |", SHORT),
    (f"**Password:** {SHORT}", SHORT),
    (f"`password`: `{SHORT}`", SHORT),
    (f"The password is {SHORT}.", SHORT),
    (f"machine db login app password {SHORT}", SHORT),
    (f"client_secret: {UUID}", UUID),
    (f"Authorization: Bearer {RANDOM}", RANDOM),
    (f'headers = {{"Authorization": "Bearer {LONG}"}}', LONG),
    (f"curl -H 'Authorization: token {RANDOM}' host", RANDOM),
    (f"Authorization: Basic {basic('app:' + SHORT)}", basic("app:" + SHORT)),
    (f"curl -u admin:{LONG} https://host/", LONG),
    (f'curl -sS --user "admin:{LONG}" https://host/', LONG),
    (f"curl -X POST \\\n  -u admin:{LONG} \\\n  https://host/", LONG),
    (f"postgresql://app:{RANDOM}@db/app", RANDOM),
    (f"postgres://app:{SHORT}@db/prod", SHORT),
    (f"postgres://admin:{LEET}@db/prod", LEET),
    (f"redis://:{SHORT}@cache:6379/0", SHORT),
    ("mongodb+srv://app:sun" + "shine99@cluster/db", "sun" + "shine99"),
    (f"amqp://app:{PHRASE}@queue", PHRASE),
]


def test_the_table_is_long_enough() -> None:
    assert len(FORMATS) + len(GIVEN) >= 60
    assert len(HARMLESS) >= 60


@pytest.mark.parametrize("text", FORMATS)
def test_a_known_format_counts_wherever_it_stands(text: str) -> None:
    assert [value for value in found(f"# A file\nsee ({text}), y = 2\n") if value in text or text in value]


@pytest.mark.parametrize(("text", "value"), GIVEN)
def test_what_is_given_to_something_secret_is_found_and_nothing_beside_it(text: str, value: str) -> None:
    assert set(found(f"# A file\nx = 1\n{text}\ny = 2\n")) == {value}


@pytest.mark.parametrize(
    "text",
    [
        f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----",
        f'KEY = "-----BEGIN PRIVATE KEY-----\\n{KEY_BODY}\\n-----END PRIVATE KEY-----"',
        f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{KEY_BODY}",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + f"{KEY_BODY}\n" * 200 + "-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_a_private_key_is_found_whole(text: str) -> None:
    blotted = masked(f"x = 1\n{text}\ny = 2\n")

    assert KEY_BODY not in blotted
    assert "BEGIN" not in blotted
    assert blotted.startswith("x = 1\n")
    assert blotted.endswith("\ny = 2\n")
    assert blotted.count("\n") == text.count("\n") + 3


def test_a_key_file_is_told_from_a_text_about_keys() -> None:
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_BODY}\n"

    assert is_key(f"\n{key}")
    assert not is_key(f"The key is\n\n{key}")


HARMLESS = [
    'password = "correct horse battery staple"',
    'token = "your-api-token-1234"',
    'secret = "${SECRET_FROM_ENVIRONMENT_1}"',
    'api_key = os.environ["OPENAI_API_KEY_2"]',
    'password_hash_algorithm = "pbkdf2_sha256_rounds"',
    "token = self._next_token_from_stream_2(reader)",
    "SECRET_TOKEN=get_secret_from_vault_v2",
    f'sha256 = "{HEX * 2}"',
    f'TOKENIZER_SHA256 = "{HEX * 2}"',
    f'"tokenizer.json": "{HEX * 2}",',
    f'token_checksum: "{HEX}"',
    f"SECRETS_DIGEST={HEX}",
    f"password_hash: {HEX}",
    f'api_key_etag = "{HEX}"',
    f"token_commit: {HEX}",
    f'{{"integrity": "sha512-{RANDOM * 2}=="}}',
    f"commit {HEX}3a1b2c3d\n",
    'if line.startswith("-----BEGIN RSA PRIVATE KEY-----"): raise ValueError(line)',
    "postgresql://scott:tiger@localhost/test",
    "postgresql://user:${DB_PASSWORD_FROM_ENV}@host/db",
    "postgresql://user:password@host/db",
    "postgres://postgres:postgres123@localhost:5432/db",
    "mysql://root:changeme1!@db/app",
    "https://user:<your-password>@host/",
    "ftp://anonymous:guest1234@host/",
    "http://user:%PASSWORD%@host",
    "see https://host/docs:latest and me@host.org",
    "git@github.com:owner/project2024.git",
    'token_url = "https://example.com/oauth2/token"',
    'password = "xxxxxxxxxxxxxxxxxxxx1"',
    'password = "changeme"',
    'password = "Change-Me-2024!"',
    'password = "hunter2"',
    'password = "password123"',
    'PASSWORD = "********"',
    "password: <your password>",
    "password: {{ vault.db_password2 }}",
    "password: !vault |",
    "password: $DB_PASSWORD_2",
    "password: ${{ secrets.DB_PASSWORD2 }}",
    "password: %(db_password2)s",
    "password=password2, token=token1",
    "password = request.POST['password1']",
    "password = form.cleaned_data.get2('x')",
    "password = generate_password(length=20, digits=4)",
    'password = getpass("Password of user1: ")',
    "password: the words of a sentence, 12 of them",
    "The password is case-sensitive-and-long in version2.",
    "Your password: must be at least 8 characters long.",
    'password = _("Enter the same password as before, 2nd time")',
    '"password": "user-password-field"',
    'autocomplete="current-password"',
    '<input type="password" name="password2" id="id_password2">',
    "<password>password</password>",
    "<password>${env.DB_PASSWORD2}</password>",
    'cache_key = "user:profile:v2:settings"',
    'primary_key = "id2_of_the_row3"',
    'next_token = "<|endoftext2|>"',
    'enc = from_tiktoken("cl100k_base")',
    'return {"yuan2_api_key": "YUAN2_API_KEY"}',
    "Ed25519PrivateKey|Ed25519PublicKey|Ed448PrivateKey",
    'Warning(W025.msg % "SECRET_KEY_FALLBACKS", id=W025.id)',
    "KdcAdminPassword?: XmlStringMaxLen256;",
    f'"nextToken": "{RANDOM}"',
    f'"NextContinuationToken": "{RANDOM}"',
    f'"private_key_id": "{HEX}"',
    "compass = 'N45E12S33W90xyzQ'",
    "bypass: Route66To9thStreet4",
    'secret_name = "prod/Db1/Xyz9Kq2"',
    'SECRET_FILE = "/run/secrets/db2_Xk29vQ7"',
    'token_type = "Bearer2AbCdEf9Gh"',
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN_FROM_ENVIRONMENT2",
    'headers["Authorization"] = "Bearer " + self.access_token2',
    "Authorization: Basic " + basic("user:password"),
    "Authorization: Basic " + basic("Aladdin:open sesame"),
    "a basic understanding2021 of tokens",
    "curl -u user:password https://host/",
    "curl -u $USER:$PASSWORD https://host/",
    "docker run -u 1000:100012345 image",
    "deploy --token TOKEN --password PASSWORD",
    "AKIAIOSFODNN7" + "EXAMPLE",
    "ghp_" + "x" * 36,
    "sk-ant-your-key-here-and-nothing-else-at-all",
    token({"some": "payload"}),
    "eyJ is how the header of a token begins",
    "PWD=/home/someone/projects2/thing",
    'expires: password_reset_timeout = "2024-01-01T10:00:00+00:00"',
    "def check(password: str = DEFAULT2, token: Token2 = Depends(get_token2)) -> bool:",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_no_credential(text: str) -> None:
    assert found(f"# A file\nx = 1\n{text}\ny = 2\n") == []


def test_a_credential_is_found_again_where_nothing_says_what_it_is() -> None:
    text = f'password = "{SHORT}"\n\nassert log_in("app", "{SHORT}")\n'

    assert found(text) == [SHORT, SHORT]
    assert masked(text) == text.replace(SHORT, MASK * len(SHORT))


def test_a_text_without_credentials_stays_as_it_is() -> None:
    assert masked("x = 1\n") == "x = 1\n"


def test_our_own_source_holds_none() -> None:
    folder = Path(str(hydragraph.retrieval.__file__)).parent.parent
    sources = [path for part in ("retrieval", "models", "server") for path in (folder / part).glob("*.py")]

    assert [path.name for path in sources if credentials(path.read_text())] == []
    assert credentials(Path(__file__).read_text()) == []


def test_a_long_text_without_line_ends_is_scanned_in_linear_time() -> None:
    for text in ("secret=", "password:", "key", "login password ", "curl -u ", "://a:", "Authorization: Basic a "):
        assert found(text * 10_000) == []
    assert found("-----BEGIN " + "PRIVATE KEY-----" + "a: b " * 10_000) == []


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
