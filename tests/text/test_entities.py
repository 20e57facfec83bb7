import pytest

from hydragraph.text.entities import entities, normalise


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("The Ritz (film)", "ritz"),
        ("the  RITZ", "ritz"),
        ("École d'Orsay", "ecole d orsay"),
        ("Guitar World", "guitar world"),
        ("The", "the"),
        ("(film)", "film"),
    ],
)
def test_spellings_of_one_name_meet(written: str, expected: str) -> None:
    assert normalise(written) == expected


def test_names_are_runs_of_capitalised_words_in_order() -> None:
    text = "Maria was written by Adam Duritz, singer of Counting Crows. Maria has appeared in five songs."
    assert entities(text) == ["maria", "adam duritz", "counting crows"]


def test_a_sentence_start_is_no_name() -> None:
    assert entities("When the rain stopped, he left. In winter it snows.") == []


def test_a_joined_name_is_kept_whole_and_in_parts() -> None:
    assert entities("born in Bath in England") == ["bath in england", "bath", "england"]
    assert entities("the University of Zurich") == ["university of zurich"]


def test_quoted_titles_and_identifiers_count() -> None:
    assert "seat of the morans" in entities('it means "seat of the Morans" in Irish')
    assert entities("call `open_session` or parseHeader first") == ["open session", "parseheader"]


def test_possessives_lose_their_mark() -> None:
    assert entities("formerly Tralee's port") == ["tralee"]


@pytest.mark.parametrize("text", ["", "\n\n", "1234 5678", "《》！", "A" * 10_000, "A " * 5_000, '"' * 5_000])
def test_odd_text_is_quick_and_harmless(text: str) -> None:
    assert len(entities(text)) <= 1
