"""A run taken home: its bundle made, checked, fetched, or its weights alone; and how right its answers have to be."""

from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button, save_button
from components.kit.guard import follow
from components.kit.job_panel import under_way
from components.kit.status import say_ended
from transfer_core.types import JOINED, Dataset, Job, Run
from transfer_core.workspace import Workspace

WEIGHTS = """from safetensors.torch import load_file

weights = load_file("model.safetensors")  # names of the network's own parameters -> tensors"""


# In a line of buttons the place takes what its own need, and the whole line while a bundle is made.
STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> div > * > [class*="st-key-take_home_"]):not(:has([data-testid="stProgress"])) {
  flex: 0 1 auto; width: auto;
}
</style>"""


def promise_input() -> None:
    """How right answers have to be for a run to give them."""
    st.number_input(
        "Accuracy promised, %",
        min_value=50.0,
        max_value=99.9,
        value=state.promised.default,
        step=1.0,
        format="%.1f",
        key=state.promised.key,
        persist_state="session",
        help="An answer is “not sure” where answers as likely as it were right less often than this on the validation"
        " images. A bundle that you take home promises the same.",
    )


def promised() -> float:
    """As a fraction."""
    return state.promised.get() / 100


def export_view(workspace: Workspace, dataset: Dataset, run: Run) -> None:
    """The button that takes a run home, and what became of it. Nothing for a training that was not tested."""
    if not run.tested and not run.members:
        return
    st.html(STYLE)
    follow(_body, partial(workspace.exports.job, run.id), workspace, dataset, run.id)


def _body(job: Job | None, workspace: Workspace, dataset: Dataset, run: str) -> None:
    made, bundle = workspace.exports.done(run), workspace.exports.bundle(run)
    going = job is not None and job.active
    with st.container(key=f"take_home_{run}", gap="small", width="stretch" if going else "content"):
        if job is not None and going:
            under_way(workspace, job, f"export_{run}")
            return
        if bundle is not None and made is not None:
            _ready(workspace, dataset, run, made, bundle)
            return
        say_ended(job)
        with st.container(horizontal=True, vertical_alignment="center"):
            button(
                "Take it home",
                f"export_{run}",
                "inventory_2",
                partial(workspace.exports.submit, run, promise=promised()),
                help="A zip that needs no Graft: the model as ONNX and safetensors, programs that predict with it, its"
                " card. It is handed over once a fresh process has given the test images the same answers.",
            )
            _weights(workspace, run)


def _ready(workspace: Workspace, dataset: Dataset, run: str, job: Job, bundle: Path) -> None:
    done, name = job.result, f"{text.file_stem(dataset.name)}-{run.replace(JOINED, '-')}"
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Download the bundle, {text.size(done['bytes'])}"
        save_button(label, partial(bundle.open, "rb"), f"graft-{name}.zip", f"bundle_{run}")
        _weights(workspace, run)
    when = datetime.fromtimestamp(job.finished or job.created).strftime("%Y-%m-%d")
    ties = f" ({text.count(done['ties'])} more are ties)" if done["ties"] else ""
    st.caption(
        f":material/verified: Checked on {when} in a fresh process: the run’s own class on {text.count(done['agree'])}"
        f" of {text.count(done['images'])} {done['split']} images{ties}, probabilities within"
        f" {done['largest_difference']:.0e} of its own."
    )


def _weights(workspace: Workspace, run: str) -> None:
    file = workspace.runs.model_file(run)
    if file is None:
        return
    with st.popover("The weights alone", icon=":material/save_alt:"):
        name = "model.safetensors"
        save_button(f"Download {name}", partial(file.open, "rb"), name, f"weights_{run}")
        st.code(WEIGHTS, language="python")
