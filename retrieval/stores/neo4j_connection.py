"""The connection to a Neo4j server, with its errors in words that say what to do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from ...errors import StoreServerError
from ...settings import Neo4jConfig

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction

INSTALL = "uv pip install 'hydragraph[servers]', or pip install 'hydragraph[servers]'"
PORT = 7687
FIRST_RETRY = 0.3  # seconds; the driver doubles them
T = TypeVar("T")
Row = Mapping[str, Any]


class Transaction:
    """One that commits as a whole; where it fails for a while only, everything in it is done again."""

    def __init__(self, transaction: ManagedTransaction) -> None:
        self._transaction = transaction

    def run(self, query: str, parameters: Row) -> list[dict[str, Any]]:
        return self._transaction.run(cast(Any, query), dict(parameters)).data()


class Neo4jConnection:
    """Opened at the first transaction, for any number of threads.

    `patience` is for how long a transaction is tried again. All that is written here may be written twice.
    """

    def __init__(self, config: Neo4jConfig, patience: float | None = None) -> None:
        self._config = config
        self._patience = config.timeout if patience is None else patience
        self._place = f"{config.host}:{urlsplit(config.url).port or PORT}"
        self._lock = threading.Lock()
        self._driver: Driver | None = None

    def close(self) -> None:
        with self._lock:
            if self._driver is not None:
                self._driver.close()
            self._driver = None

    def read(self, query: str, parameters: Row) -> list[dict[str, Any]]:
        return self._execute("read", lambda transaction: transaction.run(query, parameters))

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self._execute("write", work)

    def define(self, statement: str) -> None:
        """Make what a schema consists of, which cannot be done beside other writes."""
        self._execute("write", lambda transaction: transaction.run(statement, {}))

    def _execute(self, access: str, work: Callable[[Transaction], T]) -> T:
        with self._translated():
            from neo4j import unit_of_work
            from neo4j.exceptions import IncompleteCommit

            bounded = unit_of_work(timeout=self._config.timeout)(lambda it: work(Transaction(it)))
            with self._open().session(database=self._config.database) as session:
                execute = session.execute_read if access == "read" else session.execute_write
                try:
                    return execute(bounded)
                except IncompleteCommit:  # the driver does not try again what may have been committed
                    return execute(bounded)

    def _open(self) -> Driver:
        from neo4j import GraphDatabase

        with self._lock:
            if self._driver is None:
                logging.getLogger("neo4j").addHandler(logging.NullHandler())  # else each retry is printed
                self._driver = GraphDatabase.driver(
                    self._config.url,
                    auth=(self._config.user, self._config.password),
                    connection_timeout=self._config.timeout,
                    connection_acquisition_timeout=self._config.timeout,
                    max_transaction_retry_time=self._patience,
                    initial_retry_delay=FIRST_RETRY,
                    notifications_min_severity="OFF",
                    user_agent="hydragraph",
                )
            return self._driver

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            from neo4j import exceptions
        except ImportError as error:
            raise StoreServerError(
                "A graph on Neo4j needs the package neo4j, which is not installed.", f"{INSTALL}."
            ) from error
        try:
            yield
        except exceptions.AuthError as error:
            raise StoreServerError(
                f"Neo4j at {self._place} refuses user {self._config.user!r} or the password.",
                "Set neo4j.user and neo4j.password.",
            ) from error
        except exceptions.Neo4jError as error:
            raise StoreServerError(f"Neo4j at {self._place} says: {error.message} ({error.code}).") from error
        except exceptions.DriverError as error:
            raise StoreServerError(
                f"Neo4j at {self._place} does not answer: {str(error).splitlines()[0].rstrip(':')}.",
                "Start it, or set neo4j.url; what it holds is safe.",
            ) from error
