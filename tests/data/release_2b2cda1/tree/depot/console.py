"""`depot put LABEL SHELF` and `depot take LABEL`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .storage import ShelfFullError, Storage


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 unknown label, 3 shelf full."""
    parser = argparse.ArgumentParser(prog="depot")
    parser.add_argument("command", choices=["put", "take"])
    parser.add_argument("label")
    parser.add_argument("shelf", type=int, nargs="?", default=1)
    parser.add_argument("--file", type=Path, default=Path("depot.db"))
    options = parser.parse_args(arguments)
    storage = Storage(options.file)
    try:
        if options.command == "put":
            storage.put(options.label, options.shelf)
        else:
            print(storage.take(options.label))
    except ShelfFullError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyError:
        print(f"no parcel {options.label}", file=sys.stderr)
        return 1
    finally:
        storage.close()
    return 0
