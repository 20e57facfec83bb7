"""The errors that Hydragraph raises. A message says what was expected, what came, and what to do about it.

HydragraphError
├── SettingsError          a key that is unknown or has the wrong type                        exit 2
├── UsageError             an argument that cannot be used                                    exit 2
├── CollectionError
│   ├── HomeError          HYDRAGRAPH_HOME, or a part of it, cannot be read or written        exit 1
│   ├── NoIndexError       no such collection, or nothing in it                               exit 4
│   ├── IndexBusyError     another process owns the collection (its process id)               exit 5
│   ├── DiskFullError      not enough free space to go on safely; what is finished is kept    exit 1
│   ├── StoreServerError   a server of vectors or graph is away, refuses the key, or is too old exit 1
│   └── IndexCorruptError  a store that cannot be opened or does not fit its manifest         exit 1
└── EmbedderError          weights missing, wrong, or not loadable                            exit 1
"""

from __future__ import annotations


class HydragraphError(Exception):
    """The root: everything that Hydragraph raises on purpose."""

    exit_code = 1


class SettingsError(HydragraphError):
    exit_code = 2


class UsageError(HydragraphError):
    exit_code = 2


class CollectionError(HydragraphError):
    """The root of what can be wrong with a collection: what was found, and how to mend it where that is known."""

    def __init__(self, found: str, mend: str = "") -> None:
        super().__init__(f"{found} {mend}".rstrip())
        self.found, self.mend = found, mend


class HomeError(CollectionError):
    pass


class NoIndexError(CollectionError):
    exit_code = 4


class IndexBusyError(CollectionError):
    """Another process owns the collection."""

    exit_code = 5

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class DiskFullError(CollectionError):
    pass


class StoreServerError(CollectionError):
    """A server that holds vectors or a graph cannot be used; what it holds is safe there."""


class IndexCorruptError(CollectionError):
    pass


class EmbedderError(HydragraphError):
    pass
