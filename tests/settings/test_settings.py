"""Layers, refusals and origins of the settings."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from hydragraph.errors import HydragraphError, SettingsError
from hydragraph.models.embedders.open import KINDS
from hydragraph.models.tiers import DEFAULT_ROLES, DEFAULT_TIERS
from hydragraph.retrieval.reading.walk import MAX_BYTES
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.settings import Loaded, Settings, load_settings
from hydragraph.settings.urls import hide_secrets

ROOT = Path(__file__).parents[2]


def load(cwd: Path, yaml: str = "", env: dict[str, str] | None = None, dotenv: str = "", **arguments: object) -> Loaded:
    if yaml:
        (cwd / "hydragraph.yaml").write_text(yaml)
    if dotenv:
        (cwd / ".env").write_text(dotenv)
    return load_settings(
        {key.replace("__", "."): value for key, value in arguments.items()}, environ=env or {}, cwd=cwd
    )


def test_nothing_given_is_the_defaults(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.settings.home.is_absolute()


def test_the_file_of_the_repository_lists_every_key_and_changes_nothing(tmp_path: Path) -> None:
    import yaml

    loaded = load_settings(config=ROOT / "hydragraph.yaml", environ={}, cwd=tmp_path)
    assert loaded.settings == Settings()

    def keys(tree: dict[str, object], prefix: str = "") -> set[str]:
        found = set()
        for name, value in tree.items():
            found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
        return found

    assert keys(yaml.safe_load((ROOT / "hydragraph.yaml").read_text())) == set(loaded.origins)


def test_the_example_of_variables_is_loadable_and_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, dotenv=(ROOT / ".env.example").read_text()).settings == Settings()


def test_the_tiers_and_roles_are_those_of_the_models() -> None:
    settings = Settings()
    for name, config in DEFAULT_TIERS.items():
        tier = getattr(settings.tiers, name)
        for key in (
            "model",
            "api",
            "api_key",
            "num_ctx",
            "num_predict",
            "temperature",
            "total_timeout",
            "keep_alive",
            "think",
        ):
            assert getattr(tier, key) == getattr(config, key), (name, key)
        assert settings.ollama.base_url == config.base_url
    assert {role: getattr(settings.roles, role) for role in DEFAULT_ROLES} == dict(DEFAULT_ROLES)


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 64, "x" * 65, "", ".a", "-a", "a/b", "..", "a b", "a\n", "ä"])
def test_a_collection_may_be_called_in_the_settings_what_the_index_takes(name: str, tmp_path: Path) -> None:
    def is_taken(take: Callable[[], object]) -> bool:
        try:
            take()
        except HydragraphError:
            return False
        return True

    assert is_taken(lambda: load(tmp_path, collection=name)) == is_taken(lambda: Collection(tmp_path, name))


@pytest.mark.parametrize("name", ["minilm", "none", "sentence-transformers:org/name"])
def test_each_embedder_that_there_is_may_be_named(name: str, tmp_path: Path) -> None:
    assert load(tmp_path, f"embedder: {name}").settings.embedder == name
    assert name.partition(":")[0] in {kind.partition(":")[0] for kind in KINDS}


def test_the_largest_file_is_that_of_the_walk() -> None:
    assert Settings().index.max_bytes == MAX_BYTES


def test_each_layer_beats_the_one_before_and_is_named_as_the_origin(tmp_path: Path) -> None:
    yaml = "search: {limit: 1}\nbudget: {tokens: 1, seconds: 1, steps: 1}\n"
    dotenv = "HYDRAGRAPH_BUDGET__TOKENS=2\nHYDRAGRAPH_BUDGET__SECONDS=2\nHYDRAGRAPH_BUDGET__STEPS=2\nOTHER=x\n"
    env = {"HYDRAGRAPH_BUDGET__SECONDS": "3", "HYDRAGRAPH_BUDGET__STEPS": "3"}
    loaded = load(tmp_path, yaml, env, dotenv, budget__steps=4, budget__usd=None)
    budget = loaded.settings.budget
    assert (loaded.settings.search.limit, budget.tokens, budget.seconds, budget.steps) == (1, 2, 3.0, 4)
    assert loaded.origins["search.limit"] == str(tmp_path / "hydragraph.yaml")
    assert loaded.origins["budget.tokens"] == ".env HYDRAGRAPH_BUDGET__TOKENS"
    assert loaded.origins["budget.seconds"] == "environment HYDRAGRAPH_BUDGET__SECONDS"
    assert loaded.origins["budget.steps"] == "argument"
    assert loaded.origins["budget.usd"] == "default"


@pytest.mark.parametrize(
    ("yaml", "env", "words"),
    [
        ("bugdet: {tokens: 1}", {}, ["bugdet", "known key", "did you mean", "budget"]),
        ("tiers: {local_fast: {modell: x}}", {}, ["tiers.local_fast.modell", "tiers.local_fast.model"]),
        ("tiers: {api: {model: x}}", {}, ["tiers.api"]),
        ("budget: {tokens: many}", {}, ["budget.tokens", "whole number", "'many' (text)"]),
        ("budget: {tokens: '5'}", {}, ["budget.tokens", "whole number", "'5' (text)"]),
        ("budget: {tokens: true}", {}, ["budget.tokens", "whole number", "True (true/false)"]),
        ("budget: {tokens: 1.5}", {}, ["budget.tokens", "whole number", "1.5 (number)"]),
        ("budget: {seconds: .nan}", {}, ["budget.seconds", "a number", "nan"]),
        ("budget: {steps: -1}", {}, ["budget.steps", "at least 0", "-1"]),
        ("budget: 5", {}, ["budget", "section", "5 (whole number)"]),
        ("- a\n- b\n", {}, ["the file", "section", "(list)"]),
        ("collection: 5", {}, ["collection", "a collection's name", "5 (whole number)"]),
        ("collection: ../x", {}, ["collection", "a collection's name", "'../x'"]),
        ("embedder: nope", {}, ["embedder", "minilm, minilm-int8, none or sentence-transformers:NAME", "'nope'"]),
        ("", {"HYDRAGRAPH_EMBEDDER": "sentence-transformers:"}, ["embedder", "minilm, minilm-int8, none or"]),
        ("search: {limit: 1}\nweb: {}\nsearch: {limit: 2}\n", {}, ["search: expected once", "lines 1 and 3"]),
        ("budget:\n  usd: 1\n  usd: 2\n", {}, ["budget.usd: expected once", "lines 2 and 3"]),
        ("tiers: &x {local_fast: *x}", {}, ["tiers.local_fast.local_fast", "known key"]),
        ("web: {enabled: 'yes'}", {}, ["web.enabled", "true or false", "'yes' (text)"]),
        ("roles: {grade: api}", {}, ["roles.grade", "local_fast, local_quality", "'api'"]),
        ("server: {port: 70000}", {}, ["server.port", "at most 65535", "70000"]),
        ("server: {allowed_hosts: [1]}", {}, ["server.allowed_hosts", "a list of texts"]),
        ("ollama: {base_url: 'localhost:11434'}", {}, ["ollama.base_url", "http://", "'localhost:11434'"]),
        ("home: ''", {}, ["home", "a path"]),
        ("tiers: {local_fast: {num_ctx: 1024}}", {}, ["tiers.local_fast.num_predict", "1024"]),
        ("a: [", {}, ["hydragraph.yaml", "readable YAML", "line 1"]),
        ("tiers: {local_fast: {api: vllm}}", {}, ["tiers.local_fast.api", "ollama, openai", "'vllm'"]),
        ("tiers: {local_fast: {api: openai}}", {}, ["tiers.local_fast.base_url", "http://127.0.0.1:8080/v1", "none"]),
        ("qdrant: {url: 'http://a', path: b}", {}, ["qdrant.path", "url names a server"]),
        ("stores: {vectors: qdrant}", {}, ["qdrant.url", "stores.vectors is qdrant", "got none"]),
        ("stores: {graph: neo4j}", {}, ["neo4j.url", "stores.graph is neo4j", "got none"]),
        ("stores: {vectors: faiss}", {}, ["stores.vectors", "edge, qdrant", "'faiss'"]),
        ("neo4j: {url: 'http://a'}", {}, ["neo4j.url", "neo4j:// or bolt://", "'http://a'"]),
        ("neo4j: {url: 'bolt://me:hidden@a'}", {}, ["neo4j.url", "without user and password", "'bolt://***@a'"]),
        ("tiers: {local_fast: {api_key: abc}}", {}, ["tiers.local_fast.api_key", "is ollama", "user:password@host"]),
        ("", {"HYDRAGRAPH_BUDGET__TOKEN": "5"}, ["HYDRAGRAPH_BUDGET__TOKEN", "HYDRAGRAPH_BUDGET__TOKENS"]),
        ("", {"HYDRAGRAPH_BUDGET": "5"}, ["HYDRAGRAPH_BUDGET", "known variable"]),
        ("", {"HYDRAGRAPH_budget__tokens": "5"}, ["HYDRAGRAPH_budget__tokens"]),
        ("", {"HYDRAGRAPH_BUDGET__TOKENS": "5x"}, ["budget.tokens", "whole number", "'5x'", "HYDRAGRAPH_BUDGET"]),
        ("", {"HYDRAGRAPH_WEB__ENABLED": "maybe"}, ["web.enabled", "true or false", "'maybe'"]),
    ],
)  # fmt: skip
def test_what_is_not_known_or_does_not_fit_is_refused_by_name(
    tmp_path: Path, yaml: str, env: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, yaml, env)
    assert [word for word in words if word not in str(caught.value)] == []
    assert caught.value.exit_code == 2


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"budget\.tokes.*argument.*budget\.tokens"):
        load(tmp_path, budget__tokes=4)


def test_variables_of_tests_and_empty_ones_say_nothing(tmp_path: Path) -> None:
    env = {"HYDRAGRAPH_TEST_NEO4J_URL": "bolt://x", "HYDRAGRAPH_HOME": "", "HYDRAGRAPH_BUDGET__TOKENS": ""}
    assert load(tmp_path, env=env).settings == Settings()


@pytest.mark.parametrize("text", ["true", "1", "Yes", "on"])
def test_truth_from_a_variable(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, env={"HYDRAGRAPH_WEB__ENABLED": text}).settings.web.enabled is True


def test_a_list_from_a_variable_is_separated_by_commas(tmp_path: Path) -> None:
    env = {"HYDRAGRAPH_SERVER__ALLOWED_HOSTS": "a.example, b.example"}
    assert load(tmp_path, env=env).settings.server.allowed_hosts == ("a.example", "b.example")


def test_dotenv_understands_quotes_comments_and_export(tmp_path: Path) -> None:
    dotenv = (
        "# HYDRAGRAPH_NOPE=1\n"
        'export HYDRAGRAPH_HOME="/a b" # why\n'
        "HYDRAGRAPH_EMBEDDER='sentence-transformers:c # d'\n"
        "HYDRAGRAPH_TIERS__LOCAL_FAST__MODEL = tiny-chat # small\n"
    )
    settings = load(tmp_path, dotenv=dotenv).settings
    assert (settings.home, settings.embedder) == (Path("/a b"), "sentence-transformers:c # d")
    assert settings.tiers.local_fast.model == "tiny-chat"


def test_dotenv_reads_escapes_and_several_lines_and_expands_nothing(tmp_path: Path) -> None:
    dotenv = 'OTHER="one\ntwo"\nHYDRAGRAPH_NEO4J__PASSWORD="a\\"b${HOME}\\n"\nHYDRAGRAPH_NEO4J__USER\n'
    settings = load(tmp_path, dotenv=dotenv).settings
    assert (settings.neo4j.password, settings.neo4j.user) == ('a"b${HOME}\n', "neo4j")


def test_a_line_of_dotenv_that_is_none_is_refused_where_it_is_ours(tmp_path: Path) -> None:
    assert load(tmp_path, dotenv="say 'what\nHYDRAGRAPH_COLLECTION=x\n").settings.collection == "x"
    with pytest.raises(SettingsError, match=r"\.env: expected NAME=VALUE in line 2, got something else$"):
        load(tmp_path, dotenv="A=1\nHYDRAGRAPH_QDRANT__API_KEY='sk-hidden\n")


def test_an_unknown_variable_in_dotenv_is_refused_without_its_value(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HYDRAGRAPH_API_KEY") as caught:
        load(tmp_path, dotenv="HYDRAGRAPH_API_KEY=sk-hidden\n")
    assert "sk-hidden" not in str(caught.value)


def test_a_named_file_is_read_and_must_be_there(tmp_path: Path) -> None:
    named = tmp_path / "other" / "named.yaml"
    named.parent.mkdir()
    named.write_text("home: data\nsearch: {limit: 3}\n")
    (tmp_path / "hydragraph.yaml").write_text("search: {limit: 4}\n")
    by_variable = load_settings(environ={"HYDRAGRAPH_CONFIG": str(named)}, cwd=tmp_path).settings
    assert by_variable.search.limit == 3
    assert by_variable.home == named.parent / "data"  # a path in a file starts from the file
    assert load_settings(config=named, environ={"HYDRAGRAPH_CONFIG": "nowhere"}, cwd=tmp_path).settings == by_variable
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load_settings(config=Path("nowhere.yaml"), environ={}, cwd=tmp_path)


def test_a_folder_called_like_the_settings_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "hydragraph.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"/hydragraph\.yaml: expected a readable YAML file, got: Is a directory$"):
        load(tmp_path)


def test_home_is_absolute_and_expands_the_tilde(tmp_path: Path) -> None:
    assert load(tmp_path, env={"HYDRAGRAPH_HOME": "x/../y"}).settings.home == tmp_path / "y"
    assert load(tmp_path, env={"HYDRAGRAPH_HOME": "~/y"}).settings.home == Path.home() / "y"


def test_a_password_in_a_url_is_hidden_wherever_it_is_shown(tmp_path: Path) -> None:
    url = "http://me:hunter2@box:11434"
    loaded = load(tmp_path, env={"HYDRAGRAPH_OLLAMA__BASE_URL": url})
    assert loaded.settings.ollama.base_url == url
    assert "hunter2" not in repr(list(loaded.rows()))
    assert "hunter2" not in repr(loaded.settings)
    assert hide_secrets(f"no route to {url}") == "no route to http://***@box:11434"
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, env={"HYDRAGRAPH_OLLAMA__BASE_URL": "http://me:hunter2@box 1/"})
    assert "hunter2" not in str(caught.value)


def test_a_tier_may_be_a_server_that_speaks_openais_protocol(tmp_path: Path) -> None:
    yaml = "tiers: {local_fast: {model: m, api: openai, base_url: 'http://gpu-box:8000/v1', api_key: sk-of-the-box}}"
    loaded = load(tmp_path, yaml)
    tier = loaded.settings.tiers.local_fast
    assert (tier.api, tier.base_url, tier.api_key) == ("openai", "http://gpu-box:8000/v1", "sk-of-the-box")
    shown = {key: value for key, value, _ in loaded.rows()}
    assert (shown["tiers.local_fast.api_key"], shown["tiers.local_quality.api_key"]) == ("***", "")
    assert "sk-of-the-box" not in f"{loaded} {tier!r} {list(loaded.rows())}"
    by_variable = load(tmp_path, env={"HYDRAGRAPH_TIERS__LOCAL_FAST__API_KEY": "other"}).settings
    assert by_variable.tiers.local_fast.api_key == "other"


def test_engines_on_servers_are_named_and_their_secrets_hidden(tmp_path: Path) -> None:
    yaml = (
        "stores: {vectors: qdrant, graph: neo4j}\n"
        "qdrant: {url: 'https://q.example:6333', api_key: sk-q, timeout: 5}\n"
        "neo4j: {url: 'neo4j+s://n.example', password: 'a @ b'}\n"
    )
    loaded = load(tmp_path, yaml)
    settings = loaded.settings
    assert (settings.qdrant.host, settings.neo4j.host, settings.qdrant.timeout) == ("q.example", "n.example", 5.0)
    shown = {key: value for key, value, _ in loaded.rows()}
    assert (shown["qdrant.api_key"], shown["neo4j.password"]) == ("***", "***")
    assert "a @ b" not in repr(settings)
    assert "sk-q" not in repr(settings)
    local = load(tmp_path, "qdrant: {path: vectors}").settings.qdrant
    assert (local.path, local.host) == (str(tmp_path / "vectors"), "")


@pytest.mark.parametrize("key", ["12345678", "{a: 12345678}", "[12345678]", "'12345678 '", "'12345678é'"])
def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match=r"tiers\.local_fast\.api_key: expected a text in quotes") as caught:
        load(tmp_path, f"tiers: {{local_fast: {{api_key: {key}}}}}")
    assert "12345678" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 3") as caught:
        load(tmp_path, "tiers:\n  local_fast: {api_key: sk-hidden, model: [\n")
    assert "sk-hidden" not in str(caught.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().collection = "x"  # type: ignore[misc]


def test_loading_imports_neither_pydantic_nor_its_settings() -> None:
    code = (
        "import sys; from hydragraph.settings import load_settings; load_settings();"
        "print([m for m in sys.modules if re.match('pydantic|langchain', m)])"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"import re; {code}"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.strip() == "[]"
    assert not re.search("pydantic", run.stderr)
