import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydragraph.text.tokenizer import tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("XMLHttpRequest", ["xmlhttprequest", "xml", "http", "request"]),
        ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
        ("__init__", ["init"]),
        ("os.path.joinPath", ["os.path.joinpath", "os", "path", "joinpath", "join", "path"]),
        ("3.11.2", ["3.11.2", "3", "11", "2"]),
        ("v1.2", ["v1.2", "v1", "v", "1", "2"]),
        ("sha256", ["sha256", "sha", "256"]),
        ("Running sessions.", ["run", "session"]),
        ("a-b/c(d)", ["a", "b", "c", "d"]),
        ("größer Ärger", ["grösser", "ärger"]),
        ("naïve_fooBar", ["naïve_foobar", "naïve", "foobar"]),
        ("日本語のテキスト", ["日本", "本語", "語の", "のテ", "テキ", "キス", "スト"]),
        ("字", ["字"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("ﬁle ＡＢＣ", ["file", "abc"]),
        ("", []),
        (" \t\n", []),
        ("!?…", []),
    ],
)
def test_identifiers_words_and_scripts(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_a_query_meets_the_identifier_it_speaks_of() -> None:
    assert set(tokenize("commit the sessions")) & set(tokenize("def commitSession():")) == {"commit", "session"}


def test_an_endless_word_gives_no_giant_token() -> None:
    assert max(map(len, tokenize("x" + "Ab9_" * 30_000))) <= 64
    assert tokenize("f" * 500) == ["f" * 500]  # one word that nothing splits stays one word


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_text_gives_the_same_lower_cased_words_each_time(text: str) -> None:
    tokens = tokenize(text)
    assert tokens == tokenize(text)
    assert all(token and not any(character.isspace() for character in token) for token in tokens)
