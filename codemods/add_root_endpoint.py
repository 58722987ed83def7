"""Answer `/`, the address that everybody opens first.

An API without a route for `/` answers the bare address with 404: who opens the app after a deploy takes it for broken, and so
does monitoring that nobody told another path. The route names the service, and where FastAPI shows its documentation.

Nothing stops a deploy without it, so this is looked for only when it is selected by name
(`bot fix --unsafe --select add-root-endpoint`).

Before:                                       After:

    @app.get("/items")                            @app.get("/items")
    async def items():                            async def items():
        return []                                     return []


                                                  @app.get("/")
                                                  async def root():
                                                      return {"service": "demo", "docs": "/docs"}

References: https://fastapi.tiangolo.com/tutorial/first-steps/ https://flask.palletsprojects.com/en/stable/quickstart/#routing
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.boot import modules
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import App, Fault, Route, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _depends, _routes
from codemods._routes import Wanted

CODEMOD = Codemod(answers=("root-unanswered",), since="0.1", opt_in=True)
_NAMES = ("root", "index", "read_root", "home")
_MORE = re.compile(
    r"\.(?:mount|include_router|register_blueprint|add_url_rule|add_api_route|add_route)\(|catch_all|<path:|:path\}"
)


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the app of each process whose own module holds all of its routes, and none for `/`."""
    for process, path, name, _ in _depends.served(report):
        found = _app(tree, path, name)
        if found is not None:
            reason = "Who opens the bare address is answered with 404."
            yield Weakness("root-unanswered", "health", f"{path} has no route for /", reason, found[0].place, process)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the route, behind the others."""
    for _, path, name, _ in _depends.served(report):
        found = _app(tree, path, name)
        if found is None or found[0].place != finding.place:
            continue
        app, routes = found
        says = f'"service": "{report.target.app or name}"' + (', "docs": "/docs"' if _has_docs(tree, app) else "")
        answer = _routes.jsonified(f"{{{says}}}", tree.text(path), app)
        changed = _routes.with_routes(tree, app, routes, [Wanted("/", _NAMES, (f"return {answer}",))])
        if changed is None:
            yield Skip(f"the app is not made plainly at {path}:{app.place.line}")
        else:
            yield Proposal(tree.write(path, changed), "The bare address says which service answers.", "unsafe")


def _app(tree: Tree, path: str, name: str) -> tuple[App, list[Route]] | None:
    """Return an app whose routes all stand in its own module, none of them for `/`; None where there may be more."""
    try:
        text = tree.text(path)
        module = modules.parsed(tree.read(path))
    except (SyntaxError, Unreadable):
        return None
    app = _depends.app_of(module, path, name)
    routes = list(_depends.routes_of(module, path, name))
    known = app is not None and routes and not _MORE.search(text)
    return (app, routes) if app is not None and known and all(route.path not in ("/", "") for route in routes) else None


def _has_docs(tree: Tree, app: App) -> bool:
    """Say whether FastAPI serves its documentation where it does so by itself."""
    return app.framework == "fastapi" and not re.search(r"\b(?:docs_url|openapi_url|root_path)\s*=", tree.text(app.place.path))
