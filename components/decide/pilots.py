"""Pilots: the race as it runs, a curve for each candidate; then who won, by how much, and what each had seen."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components import state
from components.decide.decision import NOT_NEEDED, margin_words
from components.kit import text
from components.kit.drawn import drawn, strategy_name
from components.kit.feed import Feed, feed
from components.kit.guard import follow
from components.kit.job_panel import PILOT, study_button
from components.kit.live_chart import Mark, Trace, live_chart
from transfer_core import findings
from transfer_core.types import Backbone, Dataset, Decision, Job, Pilots
from transfer_core.workspace import KINDS, Workspace, goal_of, words

BUDGETS: dict[str, float] = {
    "30 s": 30,
    "1 min": 60,
    "2 min": 120,
    "5 min": 300,
    "10 min": 600,
    "30 min": 1_800,
}
HEADING = "Validation accuracy, %"
X_TITLE = "Seconds since the race began"
WAITING = "No candidate has been judged yet."


def pilots_offer(workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision) -> None:
    """A quiet button that unfolds what pilots are and starts them; nothing once they race or have raced."""
    job = workspace.studies.job("pilot", dataset, backbone.name)
    if decision.pilots is not None or (job is not None and job.active):
        return
    with st.popover("Try pilots", icon=":material/flag:", type="tertiary", key="try_pilots"):
        st.markdown(PILOT.offer)
        if decision.told is not None:
            st.caption(f"{NOT_NEEDED} {text.escape(findings.head(decision.told))}. They can race all the same.")
        _start(workspace, dataset, backbone, found=False)


def pilots_view(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, titles: Mapping[str, str]
) -> None:
    """The race while it runs, then folded to its finding. Call at top level. `titles` of the strategies by name."""
    pilots, chance = decision.pilots, 1 / len(dataset.classes)
    asked = partial(workspace.studies.job, "pilot", dataset, backbone.name)
    job = asked()
    if job is not None and job.active:

        def watch(job: Job | None) -> None:
            if job is not None:
                race_chart(feed(workspace, job.id), titles, chance, key="race")

        with st.expander("Pilots: the race", icon=":material/flag:", expanded=True, key="pilots"):
            follow(watch, asked, place="race")
    elif pilots is not None:
        said = findings.race(pilots)
        label = said if said.startswith("The pilots") else f"Pilots: {said}"
        with st.expander(text.escape(label), icon=":material/flag:", key="pilots"):
            _result(pilots, dataset, titles)
            if job is not None and job.status == "done":
                race_chart(feed(workspace, job.id), titles, chance, key="raced")
            _start(workspace, dataset, backbone, found=True)


def _start(workspace: Workspace, dataset: Dataset, backbone: Backbone, *, found: bool) -> None:
    def start() -> str:
        return workspace.studies.pilot(dataset, backbone.name, seconds=BUDGETS[state.pilot_budget.get()])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        _budget()
        study_button(PILOT, start, found=found)


def _result(pilots: Pilots, dataset: Dataset, titles: Mapping[str, str]) -> None:
    goal = goal_of(pilots.goal, dataset.classes)
    counts = words(goal)
    drawn(margin(pilots), key="pilots_margin")
    drawn(table(pilots, KINDS[goal.kind], titles), key="pilots_table")
    curves = "" if goal.kind == "accuracy" else " Curves show accuracy."
    st.caption(
        text.escape(
            f"{text.duration(pilots.seconds)} of {text.duration(pilots.budget_seconds)} used."
            f" {counts[0].upper()}{counts[1:]} is that of a candidate's last round, on validation images, after its own"
            f" images and steps: compare those that went equally far.{curves}"
        )
    )


def _budget() -> None:
    kept = state.pilot_budget.get()
    chosen = st.selectbox(
        "Time for all pilots together",
        list(BUDGETS),
        index=list(BUDGETS).index(kept),
        key="pilot_budget_box",
        width=220,
    )
    state.pilot_budget.set(chosen)


def race_chart(seen: Feed, titles: Mapping[str, str], chance: float, *, key: str) -> None:
    """Validation accuracy over time, a curve each; those of candidates that dropped out end and are pale."""
    traces = race_traces(seen, titles)
    live_chart(
        traces,
        marks=[
            Mark(x=seconds, title=name.capitalize(), number=number)
            for number, (seconds, name) in enumerate(seen.rounds, start=1)
        ],
        x_title=X_TITLE,
        chance=chance,
        single=HEADING,
        said=race_words(traces),
        key=key,
    )
    if seen.notices:
        st.caption(text.escape(" ".join(seen.notices)))


def race_traces(seen: Feed, titles: Mapping[str, str]) -> tuple[Trace, ...]:
    """The curves of the candidates, in the order in which they first were judged; each round begins anew."""
    out = dropped(seen, titles)
    return tuple(
        Trace(
            name=titles.get(name, name) + (", out" if name in out else ""),
            group=name,
            panel="accuracy",
            split="ended" if name in out else "validation",
            strategy=name,
            x=x,
            y=y,
            part=part,
        )
        for name, rounds in seen.judged.items()
        for part, (x, y) in ((part, curve.points) for part, curve in rounds.items())
    )


def dropped(seen: Feed, titles: Mapping[str, str]) -> set[str]:
    """Candidates that are out, by the notices that say so."""
    return {
        name for name, title in titles.items() if any(said.startswith(f"{title} drops out") for said in seen.notices)
    }


def race_words(traces: Sequence[Trace]) -> str:
    """The race in words, for those who do not see the curves."""
    last = {trace.name: trace.y[-1] for trace in traces if len(trace.y)}
    said = [f"{name} {text.percent(accuracy)}" for name, accuracy in last.items()]
    return f"Validation accuracy of the pilots. {', '.join(said)}." if said else WAITING


def margin(pilots: Pilots) -> str:
    """HTML: the leader's lead on a line with zero in the middle."""
    if pilots.margin is None or pilots.low is None or pilots.high is None:
        return f"<p>{text.html(margin_words(pilots))}</p>"
    reach = max(abs(pilots.low), abs(pilots.high), abs(pilots.margin), 0.01) * 1.15
    low, middle, high = (50 + 50 * value / reach for value in (pilots.low, pilots.margin, pilots.high))
    return (
        '<section class="axis"><h3>Lead of the first over the second</h3><div class="scale"><i class="rail"></i>'
        f'<i class="span" style="left: {low:.1f}%; width: {high - low:.1f}%"></i>'
        f'<i class="zero" style="left: 50%"></i><i class="dot" style="left: {middle:.1f}%"></i></div>'
        f'<div class="ends"><span>second ahead</span><span>first ahead</span></div>'
        "<small>When the interval holds zero, the difference is not significant.</small></section>"
    )


def table(pilots: Pilots, counts: str, titles: Mapping[str, str]) -> str:
    """HTML: a row for each candidate, best first. `counts`: what they were judged by."""
    columns = (counts, "Images", "Steps", "Rounds", "Time")
    head = "<th>Candidate</th>" + "".join(f'<th class="number">{name}</th>' for name in columns)
    rows = []
    for trial in pilots.trials:
        values = (
            text.percent(trial.accuracy),
            text.count(trial.images),
            text.count(trial.steps) if trial.steps else "none",
            text.count(trial.rounds),
            text.duration(trial.seconds),
        )
        cells = "".join(
            f'<td class="number" data-label="{name}">{value}</td>' for name, value in zip(columns, values, strict=True)
        )
        name = strategy_name(trial.strategy, titles.get(trial.strategy, trial.strategy))
        rows.append(f'<tr><td class="name">{name}</td>{cells}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
