"""Ray: the same work list on many machines. Jobs carry paths and tables, never frames."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from trackers.errors import require
from trackers.jobs.processes import limit_threads

Result = TypeVar("Result")

CONNECT = 10.0
"""Seconds in which a cluster must take a connection."""

SETTINGS = b"\0\0\0\4\0\0\0\0\0"
"""A frame of HTTP/2 with settings, none of them, which both sides send first: its kind is the fourth byte."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
"""How a client of HTTP/2, and so of gRPC, begins."""

RETRIES = 5
"""How often Ray runs a job again whose worker or machine went away."""


class RayWorkers(Executor):
    """An executor whose jobs are Ray tasks.

    A job uses as many threads as it takes processors, and works in the directory of this process where the machine has
    it, so that relative paths mean the same.

    Args:
        address: `"auto"`, the cluster this machine belongs to; `"host:6379"` or `"ray://host:10001"`; `"local"` starts
            a cluster on this machine alone. Where the program is connected already, that connection serves.
        cpus: Processors each job takes.
        gpus: GPUs each job takes; a fraction lets jobs share one.

    Raises:
        ConnectionError: If the cluster does not respond.
        RuntimeError: If a machine of the cluster has another version of this library, changed code of it, or none.
        MissingDependencyError: If Ray is not installed.
    """

    def __init__(self, address: str = "auto", *, cpus: float = 1.0, gpus: float = 0.0) -> None:
        """Connect, and compare the versions."""
        self._ray: Any = require("ray", "ray")
        self._options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": RETRIES}
        self._here = str(Path.cwd()), max(1, int(cpus))
        self._connected = not self._ray.is_initialized()
        self._running: list[Any] = []
        if self._connected:
            connect(self._ray, address)
        try:
            check_versions(self._ray)
        except BaseException:
            self.shutdown()
            raise

    def submit(self, function: Callable[..., Result], /, *args: Any, **options: Any) -> Future[Result]:
        """Have a worker of the cluster call a function that can be imported there."""
        reference = self._ray.remote(call).options(**self._options).remote(*self._here, function, *args, **options)
        self._running.append(reference)
        future: Future[Result] = Future()

        def settle(done: Future[Any]) -> None:
            error = done.exception()
            if error is None:
                future.set_result(done.result())
            else:  # what the job raised, not Ray's account of it
                future.set_exception(getattr(error, "cause", None) or error)

        reference.future().add_done_callback(settle)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the jobs, and end the connection if it was made here."""
        if cancel_futures:
            for reference in self._running:
                self._ray.cancel(reference)
        if wait and self._running:
            self._ray.wait(self._running, num_returns=len(self._running), fetch_local=False)
        self._running.clear()
        if self._connected and self._ray.is_initialized():
            self._ray.shutdown()

    def interrupt(self) -> None:
        """Start no further job, and interrupt those that are running."""
        self.shutdown(cancel_futures=True)


def call(directory: str, threads: int, function: Callable[..., Result], *args: Any, **options: Any) -> Result:
    """Call a function in a directory, with so many threads: what a worker does."""
    with suppress(OSError):
        os.chdir(directory)
    limit_threads(threads)
    return function(*args, **options)


def connect(ray: Any, address: str) -> None:
    """Connect this process to a cluster.

    Raises:
        ConnectionError: If there is none at the address.
    """
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    place = address.removeprefix("ray://")
    try:
        if address not in ("auto", "local"):
            host, _, port = place.rpartition(":")
            check_responds(host or place, int(port))
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, OSError, ValueError, RuntimeError) as error:
        hint = "start one with `ray start --head`, or name its address" if address == "auto" else "is it running there?"
        reason = str(error).strip().partition("\n")[0]
        raise ConnectionError(f"no Ray cluster responds at {address!r} ({reason}); {hint}") from error


def check_responds(host: str, port: int) -> None:
    """See that a server of gRPC, as Ray's are, is at an address; Ray itself tries for minutes, and ends the process.

    Raises:
        OSError: If nothing is there, nothing comes within `CONNECT` seconds, or something else comes.
    """
    with socket.create_connection((host, port), timeout=CONNECT) as connection:
        if os.environ.get("RAY_USE_TLS", "0") != "0":
            return
        connection.sendall(PREFACE)
        reply = connection.recv(len(SETTINGS))
    if reply[3:4] != SETTINGS[3:4]:
        raise ConnectionError("what is there is no Ray cluster")


def installed() -> dict[str, str]:
    """What must be the same on all machines, by name: versions, and a digest of this library's code."""
    from trackers import __version__

    here = Path(__file__).parents[1]
    code = hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        code.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    python = platform.python_version().rpartition(".")[0]
    return {"trackers": __version__, "python": python, "code": code.hexdigest()[:12]}


def check_versions(ray: Any) -> None:
    """Refuse a cluster some machine of which would give other results.

    Raises:
        RuntimeError: If a machine has another version or other code of the library, another Python, or no library.
    """
    affinity = require("ray.util.scheduling_strategies", "ray").NodeAffinitySchedulingStrategy
    here = installed()
    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    ask = ray.remote(installed)
    replies = {node: ask.options(num_cpus=0, scheduling_strategy=affinity(node, soft=False)).remote() for node in nodes}
    for node, reply in replies.items():
        try:
            there = ray.get(reply)
        except ray.exceptions.RayTaskError as error:
            raise RuntimeError(f"the machine {nodes[node]} of the cluster lacks this library: {error.cause}") from error
        if there != here:
            raise RuntimeError(
                f"expected {_words(here)} on every machine of the cluster, as here, but {nodes[node]} has "
                f"{_words(there)}; install the same version on all of them"
            )


def _words(versions: dict[str, str]) -> str:
    return " and ".join(f"{name} {version}" for name, version in versions.items())
