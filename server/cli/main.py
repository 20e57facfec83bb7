"""The command line: which commands there are, and what a program that calls them can rely on (exit codes, streams).

A command is the module of its name: its options, the settings that they stand for, and what it does. The module is
imported when its command is chosen, so that `hydragraph --help` is there at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from ...errors import HydragraphError
from .options import NO_SETTINGS, add_common

INTERRUPTED = 130
CODES = """\
exit codes: 0 answered (partly or by quotes too), 1 failed, 2 wrong usage or settings, 3 not in the corpus,
            4 no or empty index, 5 index in use by another process, 130 interrupted"""


class Command(NamedTuple):  # importing dataclasses would take a tenth of the time of --help
    """A command as `--help` lists it; `module` of this package has the rest."""

    name: str
    summary: str
    module: str


COMMANDS = (
    Command("index", "read files and folders into a collection", "index"),
    Command("search", "show the best places for a query", "search"),
    Command("ask", "answer a question with citations that were checked", "ask"),
    Command("suggest", "name a few questions that a collection can answer", "suggest"),
    Command("collections", "list what is indexed", "collections"),
    Command("threads", "list the conversations that are kept", "threads"),
    Command("forget", "remove every trace of a path, a collection or a thread", "forget"),
    Command("config", "show the settings in force and where each came from", "config"),
    Command("doctor", "check every part and say how to mend it", "doctor"),
    Command("serve", "answer over HTTP, as a stream of events", "serve"),
)


class CommandModule(Protocol):
    """`SETTINGS` maps an argument to the key of the setting that it stands for."""

    EXAMPLE: str
    SETTINGS: Mapping[str, str]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, arguments: argparse.Namespace) -> int: ...


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, which gets its options from the command's module when it is first needed."""

    module = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.module:
            self._fill(cast("CommandModule", import_module(f".{self.module}", __package__)))
            self.module = ""
        return super().parse_known_args(args, namespace)

    def _fill(self, module: CommandModule) -> None:
        self.epilog = f"example:\n{module.EXAMPLE}"
        self.set_defaults(run=module.run, settings=module.SETTINGS)
        module.add_arguments(self)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"hydragraph {version('hydragraph')}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    from .terminal import err, prepare_streams

    prepare_streams()
    stop_tracing()
    parser = build_parser()
    try:
        arguments = _parsed(parser, argv)
        if arguments.run is None:
            parser.print_help(sys.stderr)
            return 2
        return _run(arguments)
    except ImportError as error:  # of the command's module: an installation that is not whole
        err(f"hydragraph: {type(error).__name__}: {error}")
        return 1
    except KeyboardInterrupt:
        err("hydragraph: interrupted")
        return INTERRUPTED


def stop_tracing() -> None:
    """LangChain sends prompts to LangSmith where a variable, set for other programs, says so: that is no consent."""
    for service in ("LANGSMITH", "LANGCHAIN"):
        for switch in ("TRACING", "TRACING_V2"):
            os.environ.pop(f"{service}_{switch}", None)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hydragraph",
        description="Cited, verified answers about your own code and documents. Local first.",
        epilog='start with:\n  hydragraph index PATH\n  hydragraph ask "How does ... work?"\n\n' + CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common(parser)
    parser.set_defaults(run=None, settings=NO_SETTINGS, verbose=0, quiet="ERROR", config=None, home=None)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=CommandParser)
    for command in COMMANDS:
        added: CommandParser = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_common(added)
        added.module = command.module
    return parser


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    arguments, rest = parser.parse_known_args(argv)
    text = getattr(arguments, "question", None) or getattr(arguments, "query", None)
    if rest and text is not None and not any(word.startswith("-") for word in rest):
        parser.error(f'expected one text, got several words; put them in quotes: "{" ".join([text, *rest])}"')
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _run(arguments: argparse.Namespace) -> int:
    """The command's exit code, and one line for each error of it."""
    from ...storage.private import owner_only
    from .logs import configure_logs
    from .terminal import clean, drop_stdout, err

    configure_logs(arguments.verbose, quiet=arguments.quiet)
    try:
        with owner_only():
            code: int = arguments.run(arguments)
        sys.stdout.flush()
    except HydragraphError as error:
        err(f"hydragraph: {clean(str(error))}")
        return error.exit_code
    except BrokenPipeError:
        drop_stdout()
        return 0
    except Exception as error:  # the edge of the process
        if arguments.verbose:
            raise
        err(f"hydragraph: unexpected {type(error).__name__}: {clean(str(error))} (-v shows where)")
        return 1
    return code
