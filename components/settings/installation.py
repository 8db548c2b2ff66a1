"""What computes here, and which versions: as a text to copy."""

import streamlit as st

from components.kit.guard import fragment
from transfer_core.workspace import Workspace, versions

LOOK_SECONDS = 1.0
BESIDE = ("timm", "onnx", "onnxruntime", "streamlit", "plotly")  # what draws, and what takes models home


def installation(workspace: Workspace) -> None:
    """Looks again until the worker has said what it can compute on."""
    looking = not workspace.jobs.devices()
    fragment(_body, run_every=LOOK_SECONDS if looking else None)(workspace, looking)


def _body(workspace: Workspace, looking: bool) -> None:
    devices = workspace.jobs.devices()
    if devices and looking:
        st.rerun()
    if devices:
        st.markdown("Computes on " + ", or on ".join(f"**{each.title}**" for each in devices) + ".")
    else:
        st.caption("Looking for the devices of this machine.")
    lines = [f"{name:<16}{version or 'not installed'}" for name, version in versions(*BESIDE).items()]
    lines += [f"{each.name:<16}{each.title}" for each in devices]
    with st.expander("Versions", icon=":material/deployed_code:"):
        st.code("\n".join(lines), language=None, wrap_lines=True)
