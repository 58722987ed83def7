"""Turn the database's URL that the platform gives into the one that the engine needs, where it enters the program.

`fly postgres attach` sets `postgres://…?sslmode=disable`, which SQLAlchemy dropped in 1.4 (`NoSuchModuleError: Can't load
plugin: sqlalchemy.dialects:postgres`). Render's databases are `postgresql://…`: right for psycopg2, but `create_async_engine`
asks for psycopg2 then (`The loaded 'psycopg2' is not async.`, or it is not installed), from SQLAlchemy 2.1 on for psycopg. A
setting of pydantic's gets a validator, so that all who read it get the same; where the engine is made of `os.environ`, or
something else reads the setting that could not use the new form, a small function stands above the engine. It changes
PostgreSQL's URLs alone, and calls what libpq calls `sslmode` as asyncpg does: `ssl`.

Before (db.py):                           After:

    engine = create_async_engine(             def _async_url(url: str) -> str:
        os.environ["DATABASE_URL"]                scheme, _, rest = url.partition("://")
    )                                             if scheme not in ("postgres", "postgresql", "postgres+asyncpg"):
                                                      return url
                                                  return "postgresql+asyncpg://" + rest.replace("sslmode=", "ssl=")


                                              engine = create_async_engine(
                                                  _async_url(os.environ["DATABASE_URL"])
                                              )

References: https://docs.sqlalchemy.org/en/20/core/engines.html#postgresql
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Place, UrlMisfit, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _python, _urls

if TYPE_CHECKING:
    import libcst as cst

    _Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

CODEMOD = Codemod(answers=("database-url",), since="0.1", rank=50)
_VALIDATOR = "normalize_database_url"


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a validator of the setting, or a function above the engine."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, UrlMisfit):
        return
    if not detail.wanted or not detail.given:
        yield Skip("which driver is meant is not clear" if detail.given else "the URL is written in the code")
        return
    driver = detail.wanted.partition("+")[2]
    files = {place.path for place in detail.places}
    why = f"`{detail.maker}` needs `{detail.wanted}://`, and the platform gives `{detail.scheme}://`"
    if detail.field:
        _, owner, name = detail.field
        other = _urls.other_reader(tree, name, detail.maker, driver, detail.driven) if driver else None
        changed = other or _with_validator(tree, detail)
        if isinstance(changed, Tree):
            yield Proposal(changed, f"{why}: a validator of `{owner}.{name}` changes it for all that read it.", "unsafe")
            return
        why += f" ({other} reads the setting, too)" if other else ""
    if len(files) > 1:
        yield Skip(f"engines are made of it in several files: {', '.join(sorted(files))}")
        return
    edited = _with_function(tree, detail)
    yield edited if isinstance(edited, Skip) else Proposal(edited, f"{why}: a function above the engine changes it.", "unsafe")


def _parsed(tree: Tree, path: str) -> cst.Module | Skip:
    """Parse a file, if LibCST writes it back as it is."""
    try:
        return _python.parse(tree.text(path)) or Skip(f"{path} is not parsed")
    except Unreadable as error:
        return Skip(str(error))


def _body(module: cst.Module, text: str, wanted: str, argument: str) -> list[str]:
    """Return the lines that change a URL, with the file's quotes and indentation."""
    quote, indent = _python.quote(text), module.default_indent
    driver = wanted.partition("+")[2]
    old = ["postgres", "postgresql", *([f"postgres+{driver}"] if driver else [])]
    schemes = [f"{quote}{scheme}{quote}" for scheme in old if scheme != wanted]
    test = f"not in ({', '.join(schemes)})" if len(schemes) > 1 else f"!= {schemes[0]}"
    rest = f"rest.replace({quote}sslmode={quote}, {quote}ssl={quote})" if driver == "asyncpg" else "rest"
    return [
        f'{indent}"""Turn the URL of PostgreSQL that the platform gives into that of {driver or "SQLAlchemy"}."""',
        f"{indent}scheme, _, rest = {argument}.partition({quote}://{quote})",
        f"{indent}if scheme {test}:",
        f"{indent}{indent}return url",
        f"{indent}return {quote}{wanted}://{quote} + {rest}",
    ]


def _statement(module: cst.Module, lines: list[str]) -> _Statement:
    """Return lines of code as a statement with the line endings of a file."""
    import libcst as cst

    code = module.default_newline.join([*lines, ""])
    return cst.parse_statement(code, config=module.config_for_parsing)


# --- a function above the engine


def _with_function(tree: Tree, detail: UrlMisfit) -> Tree | Skip:
    """Return the tree in which the engines of one file are made of a changed URL."""
    import libcst as cst

    path = detail.places[0].path
    module = _parsed(tree, path)
    if isinstance(module, Skip):
        return module
    text = module.code
    short = "_async_url" if detail.maker == "create_async_engine" else "_engine_url"
    name = next((each for each in (short, "_database_url", "_platform_url") if not re.search(rf"\b{each}\b", text)), None)
    urls = _urls_of(module, text, detail)
    if name is None or urls is None:
        return Skip(f"{path}:{detail.places[0].line} makes the engine in a way that is not edited")
    at = min(index for index, _ in urls)
    body = list(module.body)
    for index, url in urls:
        call = cst.Call(cst.Name(name), [cst.Arg(url)])
        body[index] = cast("_Statement", body[index].deep_replace(url, call))
    function = _statement(module, [f"def {name}(url: str) -> str:", *_body(module, text, detail.wanted, "url")])
    blank = cst.EmptyLine(indent=False)
    lines = _lines_before(body[at])
    space = next((number for number, line in enumerate(lines) if line.comment), len(lines))
    head = [blank] * 2 if at else []
    body[at] = body[at].with_changes(leading_lines=[*[blank] * max(0, 2 - space), *lines])
    body.insert(at, function.with_changes(leading_lines=head))
    return tree.write(path, _python.written(module.with_changes(body=body), tree.text(path)))


def _lines_before(statement: _Statement) -> list[cst.EmptyLine]:
    return list(getattr(statement, "leading_lines", ()))


def _urls_of(module: cst.Module, text: str, detail: UrlMisfit) -> list[tuple[int, cst.BaseExpression]] | None:
    """Return the URLs of the engines, each with the number of the module's statement that it stands in."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    lines = text.splitlines()
    wanted = {(place.line, _column(lines, place)) for place in detail.places}
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    calls = [
        node
        for node, where in positions.items()
        if isinstance(node, cst.Call) and (where.start.line, where.start.column) in wanted and _is_named(node, detail.maker)
    ]
    found = []
    for call in calls:
        url = next((arg for arg in call.args if arg.keyword and arg.keyword.value == "url"), None)
        first = url or next((arg for arg in call.args[:1] if not arg.keyword and not arg.star), None)
        line = positions[call].start.line
        at = next(
            (i for i, each in enumerate(module.body) if positions[each].start.line <= line <= positions[each].end.line), -1
        )
        if first is None or at < 0:
            return None
        found.append((at, first.value))
    return found if len(found) == len(wanted) else None


def _is_named(call: cst.Call, maker: str) -> bool:
    import libcst as cst

    last = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    return isinstance(last, cst.Name) and last.value == maker


def _column(lines: list[str], place: Place) -> int:
    """Return a column in characters; Python's parser counts bytes."""
    return len(lines[place.line - 1].encode()[: place.column - 1].decode(errors="replace"))


# --- a validator of the setting


def _with_validator(tree: Tree, detail: UrlMisfit) -> Tree | Skip:
    """Return the tree in which the setting is validated."""
    import libcst as cst

    path, owner, field = detail.field or ("", "", "")
    module = _parsed(tree, path)
    if isinstance(module, Skip):
        return module
    text = module.code
    found = [each for each in module.body if isinstance(each, cst.ClassDef) and each.name.value == owner]
    source = _brought_from(module)
    fixed = rf"\b{_VALIDATOR}\b|validator\([^)]*[\"'](?:{re.escape(field)}|\*)[\"']"
    if len(found) != 1 or not isinstance(found[0].body, cst.IndentedBlock) or source is None or re.search(fixed, text):
        return Skip(f"`{owner}` is no class that gets a validator")
    settings, old = found[0], source != "pydantic_settings"
    decorator, package = ("validator", source) if old else ("field_validator", "pydantic")
    quote = _python.quote(text)
    told = "pre=True" if old else f"mode={quote}before{quote}"
    head = [f"@{decorator}({quote}{field}{quote}, {told})", *([] if old else ["@classmethod"])]
    head.append(f"def {_VALIDATOR}(cls, url: object) -> object:")
    function = _statement(module, [*head, *_body(module, text, detail.wanted, "str(url)")])
    block = cst.ensure_type(settings.body, cst.IndentedBlock)
    at = next((i for i, each in enumerate(block.body) if not isinstance(each, cst.SimpleStatementLine)), len(block.body))
    blank = cst.EmptyLine(indent=False)
    inner = [*block.body[:at], function.with_changes(leading_lines=[blank]), *block.body[at:]]
    changed = settings.with_changes(body=block.with_changes(body=inner))
    body = [changed if each is settings else each for each in module.body]
    body = _importing(module, body, package, decorator, source)
    return tree.write(path, _python.written(module.with_changes(body=body), tree.text(path)))


def _imports(statement: _Statement, package: str) -> cst.ImportFrom | None:
    """Return the `from package import names` that a statement is."""
    import libcst as cst

    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else None
    if (
        not isinstance(small, cst.ImportFrom)
        or small.relative
        or isinstance(small.names, cst.ImportStar)
        or small.module is None
    ):
        return None
    return small if cst.Module([]).code_for_node(small.module) == package else None


def _brought_from(module: cst.Module) -> str | None:
    """Return the package that BaseSettings is imported from at the top of a module."""
    for statement in module.body:
        for package in ("pydantic_settings", "pydantic", "pydantic.v1"):
            found = _imports(statement, package)
            if found and any(_called(alias) == "BaseSettings" for alias in _aliases(found)):
                return package
    return None


def _aliases(statement: cst.ImportFrom) -> list[cst.ImportAlias]:
    import libcst as cst

    return [] if isinstance(statement.names, cst.ImportStar) else list(statement.names)


def _called(alias: cst.ImportAlias) -> str:
    import libcst as cst

    return alias.name.value if isinstance(alias.name, cst.Name) and alias.asname is None else ""


def _importing(module: cst.Module, body: list[_Statement], package: str, name: str, source: str) -> list[_Statement]:
    """Return a module's statements with one name more imported: in the line for its package, else in one of its own."""
    import libcst as cst

    for index, statement in enumerate(body):
        found = _imports(statement, package)
        if found is None:
            continue
        if any(_called(alias) == name for alias in _aliases(found)):
            return body
        names = _with_name(found, name)
        if names:
            line = cst.ensure_type(statement, cst.SimpleStatementLine)
            body[index] = line.with_changes(body=[found.with_changes(names=names)])
            return body
    at = next(index for index, statement in enumerate(body) if _imports(statement, source))
    fresh = _statement(module, [f"from {package} import {name}"])
    body[at], first = body[at].with_changes(leading_lines=[]), body[at]
    body.insert(at, fresh.with_changes(leading_lines=_lines_before(first)))
    return body


def _with_name(statement: cst.ImportFrom, name: str) -> list[cst.ImportAlias] | None:
    """Return the names of an import with one more, laid out like those; None where comments stand between them."""
    import libcst as cst

    names = _aliases(statement)
    if "#" in cst.Module([]).code_for_node(statement):
        return None
    at = next((i for i, alias in enumerate(names) if (each := _called(alias)).islower() and each > name), len(names))
    between = names[0].comma if len(names) > 1 else cst.MaybeSentinel.DEFAULT
    if len(names) == 1 and statement.lpar is not None:
        between = cst.Comma(whitespace_after=statement.lpar.whitespace_after)
    if isinstance(between, cst.MaybeSentinel):
        between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    fresh = cst.ImportAlias(cst.Name(name), comma=between)
    if at == len(names):
        fresh = fresh.with_changes(comma=names[-1].comma)
        names[-1] = names[-1].with_changes(comma=between)
    names.insert(at, fresh)
    return names
