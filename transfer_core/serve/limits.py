"""What a request may cost, and under which names the server answers."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one server. How many pixels an image may have, and how much memory its decoding, is as everywhere in Graft."""

    request_bytes: int = 32 << 20
    images: int = 64  # in a request
    requests: int = 64  # at once
    seconds: float = 30.0  # until a request's body has arrived


class Refused(Exception):
    """A request that is not answered: the status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Names:
    """The hosts that a request may be for. Another one is a page elsewhere whose name was turned to this address."""

    known: frozenset[str]
    addresses: bool  # any IP address too: no name can be turned to these

    @classmethod
    def of(cls, host: str, more: Iterable[str] = ()) -> "Names":
        """`host`: the address that is listened on."""
        known = {*LOCAL, host.lower(), *(name.lower() for name in more)}
        everywhere = _is_everywhere(host)
        return cls(
            known=frozenset(known | ({socket.gethostname().lower()} if everywhere else set())), addresses=everywhere
        )

    def knows(self, header: str) -> bool:
        """Whether a Host header names this server. `*` knows all names, `*.lab` all that end so."""
        host = host_of(header)
        endings = (name[1:] for name in self.known if name.startswith("*"))
        return bool(host) and (
            host in self.known or any(map(host.endswith, endings)) or (self.addresses and _address(host) is not None)
        )


def host_of(header: str) -> str:
    """A Host header without its port."""
    host = header.strip().lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].rstrip(".")


def who(host: str) -> str:
    """Who reaches a server on this address, as words; '' where it is this machine alone."""
    found = _address(host)
    if host == "localhost" or (found is not None and found.is_loopback):
        return ""
    return "anybody on every network that this machine is in" if _is_everywhere(host) else f"anybody who reaches {host}"


def reach(host: str) -> str:
    """Who can use a server on this address that asks for nothing, as a sentence; '' where it is this machine alone."""
    found = who(host)
    return f"{found.capitalize()} can use it: there is no password, and nothing is encrypted." if found else ""


def _is_everywhere(host: str) -> bool:
    found = _address(host)
    return host == "" or (found is not None and found.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
