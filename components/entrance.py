"""How the dashboard is opened to a network: to this machine alone, or, where that is meant, to those with a token."""

import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import streamlit as st
from streamlit import config

from transfer_core.errors import GraftError
from transfer_core.serve.door import Door
from transfer_core.serve.limits import Names, who
from transfer_core.workspace import default_root, share_token

Application = Callable[[Any, Any, Any], Awaitable[None]]  # ASGI
SHARE = "GRAFT_SHARE"
EVERYWHERE = "0.0.0.0"  # which Streamlit takes where no address is set


def behind_a_door(app: Application) -> Door:
    """The dashboard as it may be served with Streamlit's settings and GRAFT_SHARE; says where it is.

    Ends the process with a sentence where the address is one that others reach, and nobody said that it is meant.
    """
    address, shared = st.get_option("server.address") or EVERYWHERE, is_shared()
    if who(address) and not shared:
        sys.exit(NOT_MEANT.format(who=who(address), address=address, share=SHARE))
    try:
        token, new = share_token(default_root()) if shared else ("", False)
    except GraftError as error:
        sys.exit(str(error))
    names = Names.of(address, st.get_option("server.allowedHosts"))
    config.set_option("server.allowedHosts", [])  # the door knows more names, and asks for each of them
    print(_said(address, token, new), file=sys.stderr, flush=True)
    return Door(app, names, token=token, origins=st.get_option("server.corsAllowedOrigins"))


def reached() -> str:
    """Who reaches this Graft, for its Settings page."""
    address = st.get_option("server.address") or EVERYWHERE
    if not is_shared():
        return f"Graft answers on {address}, to this machine alone."
    others = who(address) or "whoever is logged in to this machine"
    return f"Graft is shared: {others} gets in with the token in {default_root() / 'token'}."


def is_shared() -> bool:
    return os.environ.get(SHARE, "") not in ("", "0")


def _said(address: str, token: str, new: bool) -> str:
    """Where Graft is, and who reaches it."""
    host = socket.gethostname() if Names.of(address).addresses else address
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    base = st.get_option("server.baseUrlPath").strip("/")
    here = f"{scheme}://{host}:{st.get_option('server.port')}/{base}"
    if not token:
        return f"Graft is on {here}, for this machine alone. Ctrl-C ends it."
    others = who(address) or "anybody who is logged in to this machine, or comes by a proxy on it,"
    kept = f"{'It is shown this once, and kept' if new else 'The token is'} in {default_root() / 'token'}."
    bare = "" if scheme == "https" else " Nothing is encrypted: docs/deploy.md says how a proxy does that."
    return (
        f"Graft is shared on {here}{f'?token={token}' if new else ''}\n"
        f"{others[0].upper()}{others[1:]} reaches it, and gets in with the token. {kept}{bare}"
    )


NOT_MEANT = (
    "Graft has no sign-in, and {address} is an address at which {who} could use it, so it does not start there.\n"
    "If that is meant, set {share}=1: Graft then asks everybody for a token. For this machine alone leave out"
    " --server.address."
)
