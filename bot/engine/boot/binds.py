"""Addresses that one server is told to bind: which of them can't be had together.

Tried with gunicorn 27 and hypercorn 0.18 on Linux: neither sets IPV6_V6ONLY, so a socket on `[::]` takes the port for IPv4 as
well (`net.ipv6.bindv6only` is 0), and a second one on `0.0.0.0` finds it in use, in either order. gunicorn tries five times
and exits. With SO_REUSEPORT (gunicorn's `--reuse-port`, hypercorn with more than one worker) both are had. waitress sets
IPV6_V6ONLY, and uvicorn, granian and daphne take one host.
"""

from __future__ import annotations

from typing import NamedTuple

_NAMES = {"": "0.0.0.0", "*": "0.0.0.0", "localhost": "127.0.0.1"}
_EVERYWHERE = ("0.0.0.0", "::")


class Bind(NamedTuple):
    """An address, and how it is written."""

    host: str
    port: int
    written: str

    @property
    def everywhere(self) -> bool:
        """Whether it is every address of the machine."""
        return self.host in _EVERYWHERE

    @property
    def six(self) -> bool:
        """Whether it is one of IPv6."""
        return ":" in self.host


def read(written: str) -> Bind | None:
    """Return the address that an option tells; None for a socket file, or a port that is not known."""
    host, colon, port = written.rpartition(":")
    bare = host.strip("[]").lower()
    if not colon or not port.isdecimal() or len(port) > 5 or written.startswith(("unix:", "fd:")):
        return None
    return Bind(_NAMES.get(bare, bare), int(port), written)


def shared(binds: list[str]) -> tuple[Bind, ...]:
    """Return addresses of which one takes the port of the others, as they are told; none where all are had."""
    known = [bind for written in binds if (bind := read(written))]
    for index, one in enumerate(known):
        taken = [bind for at, bind in enumerate(known) if at == index or _takes(one, bind)]
        if len(taken) > 1:
            return tuple(taken)
    return ()


def _takes(one: Bind, other: Bind) -> bool:
    """Say whether a socket on one address leaves nothing of its port to a socket on the other."""
    if one.port != other.port:
        return False
    if one.host == other.host:
        return True
    return one.everywhere and (one.six or not other.six)
