"""Strings that name modules: what a framework, a library or a test imports, or looks up, by the text of a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engine.boot.values import dotted

# whose first argument names a module, or something in one: what is called, as it is written
_CALLS = frozenset(
    "uvicorn.run uvicorn.Config Granian importlib.import_module import_module __import__ import_string importlib.util.find_spec"
    " find_spec runpy.run_module run_module mock.patch patch mocker.patch patch.dict mock.patch.dict mocker.patch.dict"
    " patch.multiple mock.patch.multiple mocker.patch.multiple monkeypatch.setattr monkeypatch.delattr include"
    " PackageLoader Flask resources.files importlib.resources.files pkgutil.get_data".split()
)
_METHODS = frozenset("from_object config_from_object autodiscover_tasks".split())  # of an object of any name
_KEYWORDS = frozenset("app target".split())  # in the place of a first argument
_LISTS = frozenset("include imports".split())  # what Celery is told
_SETTINGS = frozenset(
    "INSTALLED_APPS MIDDLEWARE ROOT_URLCONF WSGI_APPLICATION ASGI_APPLICATION AUTHENTICATION_BACKENDS CELERY_IMPORTS"
    " CELERY_INCLUDE DATABASE_ROUTERS TEST_RUNNER wsgi_app".split()
)
_NESTED = frozenset("TEMPLATES REST_FRAMEWORK LOGGING".split())  # values of dictionaries, among others that name no module
_TASKS = frozenset("send_task signature".split())
_ROUTES = frozenset("task_routes CELERY_TASK_ROUTES CELERY_ROUTES".split())
_BEAT = frozenset("beat_schedule CELERY_BEAT_SCHEDULE CELERYBEAT_SCHEDULE".split())
_COMPUTED = frozenset("importlib.import_module import_module __import__ import_string".split())


def modules(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the strings by which something is imported, or patched."""
    for node in ast.walk(tree):
        for found in _named(node):
            yield from _strings(found)


def nested(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the strings among which some name a class by its whole path, as Django's settings do."""
    for node in ast.walk(tree):
        for name, value in _assigned(node):
            if name in _NESTED:
                yield from (string for each in ast.walk(value) if isinstance(each, ast.Dict) for string in _values(each))


def tasks(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the strings that name a task of Celery: after its module, where the task has no name of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and dotted(node.func).rpartition(".")[2] in _TASKS:
            yield from _strings(node.args[0])
        for name, value in _assigned(node):
            dicts = [each for each in ast.walk(value) if isinstance(each, ast.Dict)]
            if name in _ROUTES:
                yield from (string for key in (key for each in dicts for key in each.keys if key) for string in _strings(key))
            if name in _BEAT:
                pairs = (pair for each in dicts for pair in zip(each.keys, each.values, strict=True))
                yield from (string for key, value in pairs if key and _says(key, "task") for string in _strings(value))


def computes(tree: ast.Module) -> bool:
    """Say whether something is imported by a name that the code makes up, or takes from elsewhere."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and dotted(node.func) in _COMPUTED)
    return any(call.args and not isinstance(call.args[0], ast.Constant) for call in calls)


def _named(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call():
            yield from _told(node)
        case ast.Subscript(value=value, slice=key) if dotted(value) == "sys.modules":
            yield key
        case ast.Compare(left=left, comparators=[other]) if dotted(other) == "sys.modules":
            yield left
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if _says(key, "DJANGO_SETTINGS_MODULE"):
            yield value
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            yield from (value for name, value in _assigned(node) if name in _SETTINGS)
        case ast.ClassDef(bases=bases, body=body) if any(dotted(base).endswith("AppConfig") for base in bases):
            yield from (value for each in body for name, value in _assigned(each) if name == "name")


def _told(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that name modules."""
    name, args = dotted(call.func), call.args
    last = name.rpartition(".")[2]
    if name in _CALLS or (last in _METHODS and "." in name):
        first = args[:1] or [keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS]
        for each in first:  # the second of a pair is the namespace of the URLs
            yield each.elts[0] if last == "include" and isinstance(each, ast.Tuple) and each.elts else each
    if last in ("Celery", "update"):
        yield from (keyword.value for keyword in call.keywords if keyword.arg in _LISTS)
    if name == "os.environ.setdefault" and len(args) == 2 and _says(args[0], "DJANGO_SETTINGS_MODULE"):
        yield args[1]
    if name in ("sys.modules.pop", "sys.modules.get") and args:
        yield args[0]
    if len(args) > 1 and (dotted(args[0]) == "sys.modules" or _says(args[0], "sys.modules")):  # a test puts another there
        yield from (key for key in args[1].keys if key) if isinstance(args[1], ast.Dict) else args[1:2]


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement, or the keywords of a call, give a value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((dotted(target).rpartition(".")[2], value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
            yield dotted(target).rpartition(".")[2], value
        case ast.Call(keywords=keywords):
            yield from ((keyword.arg, keyword.value) for keyword in keywords if keyword.arg)


def _strings(node: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.JoinedStr):
        yield node
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node
    elif not isinstance(node, ast.Lambda):
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.expr):
                yield from _strings(each)


def _values(node: ast.Dict) -> Iterator[ast.Constant | ast.JoinedStr]:
    for value in node.values:
        if not isinstance(value, ast.Dict):
            yield from _strings(value)


def _says(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text
