"""Pages with the hooks of M.O.S.S.'s, by real React, and the companion under the same host, as behind a proxy."""

import json
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

HERE: Final = Path(__file__).parent / "moss_pages"
LINE: Final = '<script defer src="/jamf/embed.js"></script>'
_OURS: Final = ("/jamf", "/api/integrations/jamf")
_MODULES: Final = {
    "react": "react.production.js",
    "scheduler": "scheduler.production.js",
    "react-dom": "react-dom.production.js",
    "react-dom/client": "react-dom-client.production.js",
}


def _modules(_: Request) -> Response:
    """React's own files, each as the module it is."""
    parts = [(HERE / "host.js").read_text()]
    for name, file in _MODULES.items():
        source = (HERE / "vendor" / file).read_text()
        parts.append(f"define({json.dumps(name)}, (require, module, exports) => {{\n{source}\n}});")
    parts.append("beginHost();")
    return Response("\n".join(parts), media_type="text/javascript")


def _before_hydration(path: str) -> str:
    """What React's server rendering would have put into the page."""
    loading = '<div class="container"><div role="status">Loading...</div></div>'
    if path.startswith(("/devices/", "/people/", "/groups/")):
        return f"<main>{loading}</main>"
    if path == "/admin/integrations":
        return (
            '<main><div class="container"><h1>Integrations</h1><section><h2>JAMF</h2>'
            '<div class="card">Rendered 1 times</div></section></div></main>'
        )
    return '<main><div class="container"><h1>Devices</h1></div></main>'


def moss_pages(line: str = "") -> Starlette:
    """The pages; `line` is what a proxy added to their heads."""

    def page(request: Request) -> Response:
        # Hydration comes late, as on a slow machine.
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>M.O.S.S.</title>'
            f'<link rel="stylesheet" href="/_host/host.css">{line}</head>'
            f'<body><div id="root">{_before_hydration(request.url.path)}</div>'
            '<script>setTimeout(() => { const s = document.createElement("script"); s.src = "/_modules.js";'
            " document.body.append(s); }, 60)</script></body></html>"
        )

    return Starlette(
        routes=[
            Route("/_modules.js", _modules),
            Mount("/_host", StaticFiles(directory=HERE)),
            Route("/{path:path}", page),
        ]
    )


def behind_one_host(companion: ASGIApp, line: str = LINE) -> ASGIApp:
    """The pages and the companion as a reverse proxy shows them."""
    pages = moss_pages(line)

    async def host(scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith(_OURS)
        await (companion if is_ours else pages)(scope, receive, send)

    return host
