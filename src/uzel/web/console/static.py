"""The console's own files, under addresses that change with their content."""

import functools
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served. `url` holds a hash of its content."""

    url: str
    kind: str
    body: bytes
    zipped: bytes


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Every file by its plain name."""
    return {path.name: read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}


def read(path: Path) -> Asset:
    """One file, with the address it gets."""
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    url = f"/static/{path.stem}.{digest}{path.suffix}"
    return Asset(url, TYPES[path.suffix], body, gzip.compress(body, 9, mtime=0))


def url_of(name: str) -> str:
    """The address of a file by its plain name."""
    return assets()[name].url


@router.get("/static/{name}", name="static")
async def static(request: Request, name: str) -> Response:
    """A file by its hashed name; an older hash is gone."""
    found = next((a for a in assets().values() if a.url == f"/static/{name}"), None)
    if found is None:
        raise HTTPException(404)
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(found.zipped, media_type=found.kind, headers=headers)
    return Response(found.body, media_type=found.kind, headers=headers)


@router.get("/favicon.ico", name="icon")
async def icon() -> Response:
    """Browsers ask for it by themselves."""
    found = assets()["icon.svg"]
    return Response(
        found.body, media_type=found.kind, headers={"cache-control": "public, max-age=86400"}
    )
