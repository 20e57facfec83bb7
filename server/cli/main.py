"""The command line: what can be typed, and what a program that calls it can rely on (exit codes, streams).

Nothing slow is imported before a command is chosen: `hydragraph --help` has to be there at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import HydragraphError
from ...storage.private import owner_only

INTERRUPTED = 130
CODES = """\
exit codes: 0 answered (partly or by quotes too), 1 failed, 2 wrong usage or settings, 3 not in the corpus,
            4 no or empty index, 5 index in use by another process, 130 interrupted"""


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"hydragraph {version('hydragraph')}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    from .terminal import clean, drop_stdout, err, prepare_streams

    prepare_streams()
    parser = build_parser()
    arguments = _parsed(parser, argv)
    if arguments.module is None:
        parser.print_help(sys.stderr)
        return 2
    from .logs import configure_logs

    configure_logs(arguments.verbose, quiet=arguments.quiet)
    stop_tracing()
    try:
        with owner_only():
            code: int = import_module(f".{arguments.module}", __package__).run(arguments)
        sys.stdout.flush()
    except HydragraphError as error:
        err(f"hydragraph: {clean(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        err("hydragraph: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        drop_stdout()
        return 0
    except Exception as error:  # the edge of the process
        if arguments.verbose:
            raise
        err(f"hydragraph: unexpected {type(error).__name__}: {clean(str(error))} (-v shows where)")
        return 1
    return code


def stop_tracing() -> None:
    """LangChain sends prompts to LangSmith where a variable, set for other programs, says so: that is no consent."""
    for service in ("LANGSMITH", "LANGCHAIN"):
        for switch in ("TRACING", "TRACING_V2"):
            os.environ.pop(f"{service}_{switch}", None)


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    arguments, rest = parser.parse_known_args(argv)
    text = getattr(arguments, "question", None) or getattr(arguments, "query", None)
    if rest and text is not None and not any(word.startswith("-") for word in rest):
        parser.error(f'expected one text, got several words; put them in quotes: "{" ".join([text, *rest])}"')
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _path(text: str) -> Path:
    """An empty text is a variable that a script forgot to set; it must not stand for the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a path, got an empty text")
    return Path(text)


def _text(text: str) -> str:
    """Bytes of a command line that are no UTF-8 arrive as lone surrogates, which no model's server and no database
    takes."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hydragraph",
        description="Cited, verified answers about your own code and documents. Local first.",
        epilog='start with:\n  hydragraph index PATH\n  hydragraph ask "How does ... work?"\n\n' + CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(argparse.SUPPRESS)],
    )
    parser.set_defaults(module=None, verbose=0, quiet="ERROR", config=None, home=None)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for add in (_index, _search, _ask, _suggest, _collections, _threads, _forget, _config, _doctor, _serve):
        add(commands)
    return parser


def _common(default: Any) -> argparse.ArgumentParser:
    """Options that stand before or after the command."""
    common = argparse.ArgumentParser(add_help=False, argument_default=default)
    group = common.add_argument_group("for every command")
    group.add_argument("--config", type=_path, metavar="FILE", help="settings file instead of ./hydragraph.yaml")
    group.add_argument("--home", type=_path, metavar="FOLDER", help="where collections and caches live")
    group.add_argument("-v", "--verbose", action="count", help="log to stderr what happens; -vv for more")
    return common


def _command(commands: Any, name: str, module: str, summary: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(argparse.SUPPRESS)],
    )
    parser.set_defaults(module=module)
    return parser


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="COLLECTION", help="the collection (default: `collection` of the settings)")


def _as_json(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"{what} for programs, on stdout")


def _index(commands: Any) -> None:
    example = """\
  hydragraph index ~/src/flask ~/notes
  hydragraph index . --name this

A second run reads only what changed; a run that was stopped is picked up where it was. Text, BM25 and graph can be
searched within seconds, while dense vectors are still being made."""
    parser = _command(commands, "index", "index", "read files and folders into a collection", example)
    parser.add_argument("paths", nargs="+", metavar="PATH", type=_path, help="a file or a folder")
    _named(parser)
    secrets = "also read .env files, keys and credentials, which are left out otherwise"
    parser.add_argument("--include-secrets", action="store_true", default=None, help=secrets)
    parser.add_argument("--no-dense", action="store_true", help="text, BM25 and graph only")
    _as_json(parser, "the counts")


def _search(commands: Any) -> None:
    example = """\
  hydragraph search "where are sessions opened?"
  hydragraph search SecureCookieSessionInterface --limit 3 --json"""
    parser = _command(commands, "search", "search", "show the best places for a query", example)
    parser.add_argument("query", metavar="QUERY", type=_text)
    _named(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="how many (default: search.limit)")
    _as_json(parser, "a list of hits")


def _ask(commands: Any) -> None:
    example = """\
  hydragraph ask "How does flask sign its session cookie?"
  hydragraph ask "And where is the key set?" --thread cookies

Without a reachable model the answer quotes the best places. The first line says which machines may see the text."""
    parser = _command(commands, "ask", "ask", "answer a question with citations that were checked", example)
    parser.add_argument("question", metavar="QUESTION", type=_text)
    _named(parser)
    thread = "continue a conversation of this name, or begin it"
    parser.add_argument("--thread", metavar="NAME", type=_text, help=thread)
    _as_json(parser, "one object")
    for name, kind, what in (
        ("usd", float, "dollars"), ("tokens", int, "tokens"), ("seconds", float, "seconds"), ("steps", int, "steps"),
    ):  # fmt: skip
        parser.add_argument(f"--budget-{name}", type=kind, metavar="N", help=f"at most so many {what}")


def _suggest(commands: Any) -> None:
    example = "  hydragraph suggest --name this"
    parser = _command(commands, "suggest", "suggest", "name a few questions that a collection can answer", example)
    _named(parser)
    _as_json(parser, "a list")


def _collections(commands: Any) -> None:
    example = "  hydragraph collections"
    _as_json(_command(commands, "collections", "collections", "list what is indexed", example), "a list")


def _threads(commands: Any) -> None:
    example = "  hydragraph threads\n\n`hydragraph forget --thread NAME` wipes one."
    _as_json(_command(commands, "threads", "threads", "list the conversations that are kept", example), "a list")


def _forget(commands: Any) -> None:
    example = """\
  hydragraph forget ~/src/flask/secret.py     the file, in every collection
  hydragraph forget ./docs --name this        what is below ./docs, in one collection
  hydragraph forget this                      the whole collection
  hydragraph forget --thread cookies          a conversation

A word without a slash that names a collection means the collection; write ./word for the path. Answers are kept in
threads only: those over a collection go with it, and those in which a forgotten path was found go with the path."""
    parser = _command(commands, "forget", "forget", "remove every trace of a path, a collection or a thread", example)
    parser.add_argument("target", metavar="PATH|COLLECTION", nargs="?")
    parser.add_argument("--thread", metavar="NAME", type=_text, help="a conversation instead")
    parser.add_argument("--name", metavar="COLLECTION", help="only in this collection (default: in every one)")
    parser.add_argument("--yes", action="store_true", help="do not ask before a whole collection goes")


def _config(commands: Any) -> None:
    example = """\
  hydragraph config
  HYDRAGRAPH_BUDGET__TOKENS=20000 hydragraph config"""
    summary = "show the settings in force and where each came from"
    _as_json(_command(commands, "config", "config", summary, example), "the settings")


def _doctor(commands: Any) -> None:
    example = "  hydragraph doctor\n\nEnds with 1 where something that Hydragraph needs is broken."
    _as_json(_command(commands, "doctor", "doctor", "check every part and say how to mend it", example), "the checks")


def _serve(commands: Any) -> None:
    example = """\
  hydragraph serve
  curl -N http://127.0.0.1:8765/runs/stream -H 'content-type: application/json' -d '{"question": "..."}'"""
    parser = _command(commands, "serve", "serve", "answer over HTTP, as a stream of events", example)
    parser.set_defaults(quiet="WARNING")  # nobody else hears of a model that fails
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: server.host)")
    parser.add_argument("--port", type=int, metavar="N", help="0 lets the system choose (default: server.port)")
