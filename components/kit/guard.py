"""The one Workspace, and what becomes of errors: a box with a sentence, on a page, in a fragment, beside a button."""

import atexit
import gc
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import streamlit as st

from components import state
from components.kit import text
from transfer_core.errors import GraftError, foreseen
from transfer_core.types import Job, Run
from transfer_core.workspace import Workspace, default_root

_place: ContextVar[str] = ContextVar("place", default="page")  # what is being drawn: the page, or one of its fragments


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """The process's one Workspace, its threads started. Raises GraftError while it can't open; a reload tries anew."""
    opened = Workspace(default_root())
    try:
        opened.serve(by_itself=True)
    except BaseException:
        opened.close()  # so that the next attempt finds its lock free
        raise
    atexit.register(opened.close)
    # Streamlit searches all objects for garbage after each run of a script, a tick of a fragment too. What is loaded by
    # now stays, so it is left out (benchmarks/RESULTS.md, A live page beside training).
    gc.collect()
    gc.freeze()
    return opened


@contextmanager
def guarded(place: str = "page") -> Iterator[None]:
    """What goes wrong inside is said in a box at its end.

    Streamlit's own ways out, a rerun and a stop, are no `Exception` and pass.
    """
    outer = _place.set(place)
    try:
        yield
        state.logged.get().pop(place, None)
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a sentence
        _box(_sentence(error, place))
    finally:
        _place.reset(outer)


@contextmanager
def said() -> Iterator[None]:
    """A GraftError inside ends what is inside, and is said in a box where it stands."""
    try:
        yield
    except GraftError as error:
        _box(str(error))


def fragment(body: Callable[..., Any], *, run_every: float | None = None, place: str = "") -> Callable[..., Any]:
    """`st.fragment`, guarded. `place` tells fragments of one function from each other.

    Streamlit knows a fragment by its name and place alone. One that two pages have has two names, so that what a slow
    browser still asks of the page before is not drawn into this one, which breaks the front end.
    """
    where = f"{body.__module__}.{body.__qualname__} {place}"

    def placed(*args: Any, **kwargs: Any) -> Any:
        @wraps(body)
        def drawn(*args: Any, **kwargs: Any) -> Any:
            with guarded(where):
                say_failed()
                return body(*args, **kwargs)

        drawn.__qualname__ = f"{body.__qualname__} on {state.page.get()}"
        return st.fragment(drawn, run_every=run_every)(*args, **kwargs)

    return placed


def follow(
    body: Callable[..., None],
    job: Callable[[], Job | Run | None],
    *args: Any,
    every: float = 1.0,
    place: str = "",
    ended: Callable[[Any], None] = lambda job: None,
) -> None:
    """A fragment that draws `body(job(), *args)`, by itself again and again while that job or run is active.

    The page is drawn anew when that begins and, after a call of `ended`, when it is over. Call at top level.
    """

    def active(found: Job | Run | None) -> bool:
        return found is not None and found.active

    before = active(job())

    @wraps(body)
    def drawn() -> None:
        now = job()
        if before and not active(now):
            ended(now)
        if before != active(now):
            st.rerun()
        body(now, *args)

    fragment(drawn, run_every=every if before else None, place=place)()


def act(action: Callable[..., Any]) -> Callable[..., None]:
    """A button's callback, guarded: what it runs into is said where the button stands, until another is pressed.

    Call it where the button is drawn.
    """
    place = _place.get()

    def pressed(*args: Any, **kwargs: Any) -> None:
        state.failed.pop()
        try:
            action(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - else it takes the page away
            state.failed.set((place, _sentence(error, f"button of {place}")))

    return pressed


def say_failed() -> None:
    """What the last button that was pressed here ran into."""
    place, words = state.failed.get()
    if place == _place.get():
        _box(words)


def arrive(title: str) -> None:
    """Another page than before forgets what a button ran into."""
    if state.page.get() != title:
        state.failed.pop()
        state.page.set(title)


def _box(words: str) -> None:
    st.error(text.escape(words), icon=":material/error:")


def _sentence(error: Exception, place: str) -> str:
    """A foreseen error's own, a failing disk's too; of any other, the id under which the log has it.

    One that repeats is logged once.
    """
    if words := foreseen(error):
        return words
    logged, same = state.logged.begin({}), repr(error)
    if logged.get(place, ("", ""))[0] != same:
        logged[place] = same, _caught(error)
    return (
        f"Something in Graft went wrong here. The workspace's logs/graft.log says what, under {logged[place][1]}. "
        "Reload the page to try again."
    )


def _caught(error: Exception) -> str:
    try:
        return workspace().caught(error)
    except Exception:
        id = secrets.token_hex(3)
        logging.getLogger("graft").error("%s", id, exc_info=error)
        return id
