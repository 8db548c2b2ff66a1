"""The HTTP face of a bundle: what may be asked, and what is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from transfer_core import __version__
from transfer_core.data.decoding import Shape
from transfer_core.errors import disk_words
from transfer_core.export.unpacked import model
from transfer_core.serve.batches import Batches
from transfer_core.serve.gate import Gate, answer_refused
from transfer_core.serve.limits import Limits, Names, Refused
from transfer_core.serve.looking import Looking
from transfer_core.serve.page import page
from transfer_core.words import plain

MULTIPART = "multipart/form-data"
BINARY = {"type": "string", "format": "binary"}
FILES = {"type": "object", "properties": {"images": {"type": "array", "items": BINARY}}}
BODY = {
    "requestBody": {
        "required": True,
        "description": "One image or several as files of a form, or one image as it is.",
        "content": {MULTIPART: {"schema": FILES}, "image/*": {"schema": BINARY}},
    }
}


class Said(BaseModel):
    """What the model says of an image; of one that could not be read, why."""

    image: str = Field(description="the file's name")
    label: str | None = Field(default=None, serialization_alias="class", description="the likeliest class")
    probability: float | None = Field(default=None, description="of that class, calibrated")
    sure: bool | None = Field(default=None, description="whether the answer is sure enough for what the model promises")
    probabilities: dict[str, float] = Field(default_factory=dict, description="of every class")
    error: str | None = None


class Answers(BaseModel):
    images: list[Said]


class Problem(BaseModel):
    detail: str


@dataclass
class Served:
    """What a server has done."""

    requests: int = 0
    images: int = 0


def made(folder: Path, *, limits: Limits, names: Names, served: Served) -> Gate:
    """The application of an unpacked bundle. It counts in `served`."""
    known = model(folder)
    seen = known.squares
    shape = Shape(resize_px=seen.resize_px, crop_px=seen.px, fit=seen.fit, rendering=seen.rendering)
    card = {name: value for name, value in known.card.items() if name != "files"}
    readme = _text(folder / "README.md")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.batches, app.state.looking = Batches(known.probabilities), Looking(shape)
        try:
            yield
        finally:
            app.state.looking.close()
            app.state.batches.close()

    app = FastAPI(
        title=f"Graft: {card['data']['name']}",
        summary="A trained classifier of images.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its page would load programs from elsewhere
        redoc_url=None,
    )
    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(ClientDisconnect, _nobody)
    problems: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (400, 408, 413, 422, 503)}

    @app.get("/", response_model=None)
    async def about(request: Request) -> Response:
        """The model's card: classes, data, figures with intervals, licence. For a browser as a page."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(
                page(card, readme), headers={"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"}
            )
        return JSONResponse(card)

    @app.get("/health")
    async def health(request: Request) -> dict[str, str]:
        """Whether images can be answered."""
        if not request.app.state.batches.alive:
            raise Refused(503, "The model does not answer any more. Start the server again.")
        return {"status": "ok"}

    @app.post("/predict", openapi_extra=BODY, responses=problems)
    async def predict(request: Request) -> Answers:
        """The class of each image. Of several, one that cannot be read costs itself alone."""
        images = await _images(request, limits)
        try:
            said = await asyncio.gather(*(_say(request.app, known, name, data) for name, data in images))
        except OSError as error:
            raise Refused(503, disk_words(error)) from error
        if all(each.error for each in said):
            raise Refused(422, " ".join(f"{each.image}: {each.error}" for each in said))
        served.requests += 1
        served.images += len(said)
        return Answers(images=list(said))

    return Gate(app, limits, names)


async def _nobody(_: Any, gone: Exception) -> Response:
    """For a client that left before it had sent all."""
    return Response(status_code=400)


async def _images(request: Request, limits: Limits) -> list[tuple[str, bytes]]:
    """(name, bytes) of every image in a request."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == MULTIPART:
        async with request.form(max_files=limits.images, max_fields=limits.images) as form:
            files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
            images = [(plain(file.filename or "image"), await file.read()) for file in files]
    else:
        images = [("image", await request.body())]
    found = [(name, data) for name, data in images if data]
    if not found:
        raise Refused(400, "There is no image in this request. Send one as its body, or files of a form.")
    return found


async def _say(app: FastAPI, known: Any, name: str, data: bytes) -> Said:
    with app.state.batches.coming():
        look = await app.state.looking.look(name, data)
        if look.error:
            return Said(image=name, error=look.error)
        asked = app.state.batches.ask(look.squares[0])
    found = np.asarray(await asyncio.wrap_future(asked), np.float64)
    best = int(found.argmax())
    return Said(
        image=name,
        label=known.classes[best],
        probability=round(float(found[best]), 6),
        sure=known.sure(found),
        probabilities={label: round(float(each), 6) for label, each in zip(known.classes, found, strict=True)},
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
