"""What httpx reads as user and password of a URL is never shown. httpx.URL is the oracle."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hydragraph.errors import SettingsError
from hydragraph.server.cli.logs import LogFormatter
from hydragraph.settings import load_settings
from hydragraph.settings.urls import HTTP_URL, hide_secrets, hide_until_host, host_of

ODD = st.text(alphabet="ab1:@/?#%[]!$&'()*+,;=\\\"<>^`{|}~_-. \u00e9", max_size=16)
HOST = st.sampled_from(["box", "box:11434", "[::1]:80", "127.0.0.1", "a.example:", "BOX"])
TAIL = st.sampled_from(["", "/", "/v1", "/v1?key=a@b", "?x", "#y@z", "/a@b:c"])
REST = st.one_of(ODD, st.builds("{}@{}{}".format, ODD, HOST, TAIL), st.builds("{}{}".format, HOST, TAIL))


def read(url: str) -> httpx.URL | None:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return None


@given(REST)
def test_a_url_is_shown_without_what_httpx_reads_as_its_user(rest: str) -> None:
    url = read(f"http://{rest}")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    assume("://" not in rest)  # another URL in this one, which is looked at too
    assume(url is not None and re.search(r":[^0-9\]]+$", authority) is None)  # int() takes "+1" and "1_0" for ports
    assert url is not None
    shown = hide_secrets(f"http://{rest}")
    if not url.userinfo and "@" not in authority:
        assert shown == f"http://{rest}"
    else:
        assert shown == f"http://***@{rest[authority.rindex('@') + 1 :]}"


@given(REST)
def test_the_host_is_the_one_that_httpx_connects_to(rest: str) -> None:
    url = read(f"http://{rest}")
    assume(url is not None and url.host.isascii() and "%" not in url.host)  # httpx escapes what a host may not have
    assert url is not None
    assert host_of(f"http://{rest}") == url.host


@given(REST)
def test_what_the_settings_take_for_a_url_is_one_for_httpx(rest: str) -> None:
    assume(re.fullmatch(HTTP_URL, f"http://{rest}") and rest.isascii())
    assume("[" not in rest and not re.search(r"[\d.]+$", host_of(f"http://{rest}")))  # numbers that are no address
    assert httpx.URL(f"http://{rest}").host


@given(ODD, TAIL)
def test_no_part_of_a_password_is_printed_whether_the_url_is_taken_or_refused(odd: str, tail: str) -> None:
    url = f"http://me:Hunter{odd}Two@box:11434{tail.replace('@', '')}"
    try:
        loaded = load_settings({"ollama.base_url": url}, environ={}, cwd=Path("/nowhere"))
    except SettingsError as error:
        shown = str(error)
    else:
        shown = repr(list(loaded.rows())) + repr(loaded.settings) + hide_secrets(f"no route to {url} (refused)")
    assert not re.search("Hunter|Two", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no route to http://me:p@ss@box:11434/v1, twice", "no route to http://***@box:11434/v1, twice"),
        ("http://me:p@s:s/w?o#r@d@box:1 x@y", "http://***@box:1 x@y"),
        ("http://me:12ab/34@box/", "http://***@box/"),
        ("http://me:pass word@box/", "http://***@box/"),
        ("https://a:b@c/ and bolt://d:e@f:7687", "https://***@c/ and bolt://***@f:7687"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("http://box:8080/@scope/name", "http://box:8080/@scope/name"),
        ("http://box:8080: refused (ask admin/x@y)", "http://box:8080: refused (ask admin/x@y)"),
        ("http://box\nperson@example.com", "http://box\nperson@example.com"),
        ("person@example.com", "person@example.com"),
        ("no URL at all: a://", "no URL at all: a://"),
    ],
)
def test_text_around_a_url_stays(text: str, shown: str) -> None:
    assert hide_secrets(text) == shown


def test_secrets_that_are_known_are_hidden_wherever_they_stand() -> None:
    assert hide_secrets("key sk-1 was refused", "sk-1", "") == "key *** was refused"


@pytest.mark.parametrize(
    "url", ["http://a:b@", "http://:80", "http://a:99999", "http://a:b:1", "http://a b/", "ftp://a", "http://a/b@c"]
)
def test_a_url_that_names_no_host_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"ollama\.base_url: expected a URL that starts with"):
        load_settings({"ollama.base_url": url}, environ={}, cwd=Path("/nowhere"))


def test_what_is_no_url_is_shown_from_its_host_on() -> None:
    assert hide_until_host("me:p@ss@box/x") == "***@box/x"
    assert hide_until_host("http://me:p/ss@box") == "http://***@box"
    assert hide_until_host("localhost:11434") == "localhost:11434"


def test_a_log_line_hides_the_same() -> None:
    import logging

    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "asked %s", ("http://me:p@ss@box/",), None)
    assert LogFormatter("%(message)s").format(record) == "asked http://***@box/"
