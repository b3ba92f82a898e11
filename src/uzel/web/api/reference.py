"""The reference page: Swagger UI from the files inside the wheel `fastapi-offline`.

Nothing is fetched from elsewhere and no script stands in the page itself, so it lives under the
same policy as every other page; the few lines of the start script are ours.
"""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

FOLDER = Path(fastapi_offline.__file__).parent / "static"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Uzel API v1</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css">
</head>
<body>
<noscript><p>This page needs script. The description itself:
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p></noscript>
<main id="reference"></main>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script>
<script src="/api/v1/docs/start.js"></script>
</body>
</html>
"""
# `validatorUrl: null`: the badge would send the description to a server of somebody else's.
START = b"""window.ui = SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""

FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
A_DAY = {"cache-control": "public, max-age=86400"}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    """What fills the page."""
    return Response(START, media_type="text/javascript", headers=A_DAY)


@router.get("/docs/{name}")
async def file(name: str) -> FileResponse:
    """A file of the wheel."""
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, headers={**A_DAY, "content-type": FILES[name]})
