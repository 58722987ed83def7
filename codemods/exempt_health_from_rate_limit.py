"""Leave the health check out of a rate limit that it uses up by itself.

A check asks every few seconds, from one address, as long as the machine lives: 240 times an hour at `interval = "15s"`. A limit
of `50 per hour` is gone after twelve minutes, and of `3/minute` at once. From then on the check is answered with 429, the
machine counts as sick, and the proxy sends nobody there any more: an outage that comes a while after a deploy that went well.

slowapi and Flask-Limiter have a decorator for it, `@limiter.exempt`, and fastapi-limiter has `@skip_limiter`; before its 0.2 it
has none, and a limit of the whole app moves to all of its routes and routers but the checked one. Middleware that counts itself
hands the checked path on before it counts. What is limited for everybody else stays limited.

Before:                                       After:

    @app.get("/health")                           @app.get("/health")
    async def health(request: Request):           @limiter.exempt
                                                  async def health(request: Request):

References: https://slowapi.readthedocs.io/en/latest/api/, https://flask-limiter.readthedocs.io/en/stable/,
https://github.com/long2ice/fastapi-limiter,
https://fly.io/docs/reference/health-checks/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, TurnedAway, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _decorators, _dependencies, _handing, _health, _python

if TYPE_CHECKING:
    import libcst as cst

CODEMOD = Codemod(answers=("health-rate-limit",), since="0.1")
_SKIPS = "skip_limiter"


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the limiter's decorator on the route, or that a middleware hands the path on."""
    told = _health.turned(finding, report)
    if not told:
        return
    first = told[0]
    place = first.route or first.place
    paths = sorted({_health.plain(each.path) for each in told})
    before = tree.text(place.path)
    if first.route is None:
        edited = list(_handing.handed_on(before, first, paths))
    elif first.place != first.route and not first.header:
        place, moved = first.place, _dependencies.at_each_route(tree, first, paths)
        edited = [moved] if moved is not None else []
    else:
        edited = _exempted(before, told)
    if not edited:
        yield Skip(f"the limit is not written plainly for {place.path}:{place.line}")
    why = f"{' and '.join(paths)} is not counted any more: checks alone used up {first.limit}."
    for after in edited:
        yield Proposal(tree.write(place.path, after), why, "unsafe")


# --- a decorator


def _exempted(text: str, told: list[TurnedAway]) -> list[str]:
    """Return the file whose routes are exempt; nothing where that can't be written."""
    after: str | None = text
    for each in told:
        after = _exempt(after, each) if after is not None else None
    return [after] if after is not None and after != text else []


def _exempt(text: str, turned: TurnedAway) -> str | None:
    """Return a file whose route is exempt; None where the limiter has no name there, or gets it later."""
    import libcst as cst

    place = turned.route
    if turned.header == _SKIPS and place is not None:
        return _decorators.decorated(text, place, "fastapi_limiter.decorators", _SKIPS, nearest=True)
    module = _python.parse(text)
    function = _handing.function(module, place) if module is not None and place is not None else None
    if module is None or function is None or not _named_before(module, turned.header, function):
        return None
    exempt = cst.Attribute(cst.Name(turned.header), cst.Name("exempt"))
    kept = list(function.decorators)
    for index, each in enumerate(kept):
        if module.code_for_node(each.decorator).partition("(")[0] in (
            f"{turned.header}.{verb}" for verb in ("limit", "shared_limit")
        ):
            kept[index] = each.with_changes(decorator=exempt)
            break
    else:
        kept.append(cst.Decorator(exempt))
    changed = module.deep_replace(function, function.with_changes(decorators=kept))
    return _python.written(changed, text) if isinstance(changed, cst.Module) else None


def _named_before(module: cst.Module, name: str, function: cst.FunctionDef) -> bool:
    """Say whether a module's own code has bound a name before a function, which stands at its top level."""
    import libcst as cst

    for statement in module.body:
        if statement is function:
            return False
        for each in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(each, cst.Assign) and any(module.code_for_node(target.target) == name for target in each.targets):
                return _follows(module, statement, function)
            if isinstance(each, cst.AnnAssign) and module.code_for_node(each.target) == name:
                return _follows(module, statement, function)
            if isinstance(each, cst.ImportFrom) and not isinstance(each.names, cst.ImportStar):
                called = [alias.evaluated_alias or alias.evaluated_name for alias in each.names]
                if name in called:
                    return _follows(module, statement, function)
    return False


def _follows(module: cst.Module, statement: cst.CSTNode, function: cst.FunctionDef) -> bool:
    body = list(module.body)
    return any(each is function for each in body[body.index(statement) :])  # type: ignore[arg-type]
