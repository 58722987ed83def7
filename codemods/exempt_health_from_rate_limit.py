"""Leave the health check out of a rate limit that it uses up by itself.

A check asks every few seconds, from one address, as long as the machine lives: 240 times an hour at `interval = "15s"`. A limit
of `50 per hour` is gone after twelve minutes, and of `3/minute` at once. From then on the check is answered with 429, the
machine counts as sick, and the proxy sends nobody there any more: an outage that comes a while after a deploy that went well.

slowapi and Flask-Limiter have a decorator for it, `@limiter.exempt`. Middleware that counts itself hands the checked path on
before it counts. What is limited for everybody else stays limited.

Before:                                       After:

    @app.get("/health")                           @app.get("/health")
    async def health(request: Request):           @limiter.exempt
                                                  async def health(request: Request):

References: https://slowapi.readthedocs.io/en/latest/api/, https://flask-limiter.readthedocs.io/en/stable/,
https://fly.io/docs/reference/health-checks/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Place, TurnedAway, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _health, _middleware, _python

if TYPE_CHECKING:
    import libcst as cst

CODEMOD = Codemod(answers=("health-rate-limit",), since="0.1")
_EARLY = """\
if {asked} {test}:
    return {handed}
"""


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the limiter's decorator on the route, or that a middleware hands the path on."""
    told = _health.turned(finding, report)
    if not told:
        return
    first = told[0]
    place = first.route or first.place
    paths = sorted({_health.plain(each.path) for each in told})
    before = tree.text(place.path)
    after: str | None = before
    if first.route is None:
        after = _handed_on(before, place, paths)
    else:
        for each in told:
            after = _exempt(after, each) if after is not None else None
    if after is None or after == before:
        yield Skip(f"the limit is not written plainly for {place.path}:{place.line}")
        return
    why = f"{' and '.join(paths)} is not counted any more: checks alone used up {first.limit}."
    yield Proposal(tree.write(place.path, after), why, "unsafe")


# --- a decorator


def _exempt(text: str, turned: TurnedAway) -> str | None:
    """Return a file whose route is exempt; None where the limiter has no name there, or gets it later."""
    import libcst as cst

    place = turned.route
    module = _python.parse(text)
    function = _function(module, place) if module is not None and place is not None else None
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


# --- a middleware that counts


def _handed_on(text: str, place: Place, paths: list[str]) -> str | None:
    """Return a file whose middleware hands the paths on before anything else."""
    import libcst as cst

    module = _python.parse(text)
    function = _function(module, place) if module is not None else None
    if module is None or function is None or not isinstance(function.body, cst.IndentedBlock):
        return None
    given = [each.name.value for each in function.params.params]
    if function.name.value == "__call__" and len(given) == 4:
        asked, handed = f'{given[1]}["type"] == "http" and {given[1]}["path"]', f"await {given[0]}.app({', '.join(given[1:])})"
    elif len(given) >= 2 and function.asynchronous is not None:
        asked, handed = f"{given[-2]}.url.path", f"await {given[-1]}({given[-2]})"
    else:
        return None
    source = _EARLY.format(asked=asked, test=_middleware.test(paths), handed=handed)
    new = _python.statement(module, source, text)
    body = list(function.body.body)
    at = 1 if function.get_docstring() is not None else 0
    block = function.body.with_changes(body=[*body[:at], new, *body[at:]])
    changed = module.deep_replace(function, function.with_changes(body=block))
    return _python.written(changed, text) if isinstance(changed, cst.Module) else None


def _function(module: cst.Module, place: Place | None) -> cst.FunctionDef | None:
    """Return the function whose `def` stands on a line."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = [
        node
        for node in positions
        if isinstance(node, cst.FunctionDef) and place is not None and positions[node.name].start.line == place.line
    ]
    return found[0] if len(found) == 1 else None
