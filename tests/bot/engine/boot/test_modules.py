import ast
import textwrap

import pytest

from bot.engine.boot import modules
from bot.engine.boot.facts import Attempt, Branch, Call, Event, Facts, Import, PathChange, Registration, Stop
from bot.engine.boot.values import dotted

pytestmark = pytest.mark.usefixtures("names_given")


def read(source: str, version: tuple[int, int] = (3, 11)) -> Facts:
    return modules.read(textwrap.dedent(source).encode(), version)


def said(event: Event) -> str:
    """Return an event in a few words."""
    match event:
        case Import(module=module, names=names, level=level):
            return f"import {'.' * level}{module}" + ("" if names is None else f": {' '.join(names)}")
        case PathChange(at=at, values=values):
            where = "somehow" if values is None else "end" if at is None else ast.unparse(at)
            return f"path {where} {' '.join(map(ast.unparse, values or ()))}".strip()
        case Registration(name=name):
            return f"module {ast.unparse(name)}"
        case Call(name=name, driven=driven):
            return f"call {name}" + (" driven" if driven else "")
        case Stop(returns=returns):
            return "return" if returns else "die"
        case Branch(test=test, body=body, orelse=orelse):
            condition = "?" if test is None else ast.unparse(test)
            return f"if {condition} [{'; '.join(map(said, body))}] else [{'; '.join(map(said, orelse))}]"
        case Attempt(body=body, handlers=handlers, orelse=orelse):
            caught = [
                f"{'+'.join(sorted(kinds))}{' raises' if raises else ''} [{'; '.join(map(said, inner))}]"
                for kinds, raises, inner in handlers
            ]
            return f"try [{'; '.join(map(said, body))}] except {' '.join(caught)} else [{'; '.join(map(said, orelse))}]"


def events(source: str) -> list[str]:
    return [said(event) for event in read(source).events]


# --- events


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import os", ["import os"]),
        ("import a.b as c, d", ["import a.b", "import d"]),
        ("from a.b import c as d, e", ["import a.b: c e"]),
        ("from . import a", ["import .: a"]),
        ("from ..b import *", ["import ..b: *"]),
        ("import importlib\nimportlib.import_module('a.b')", ["import importlib", "import a.b"]),
        ("x = __import__('a')", ["import a"]),
        ("importlib.import_module('.a', package=__package__)", []),
        ("importlib.import_module(name)", []),
        ("class A:\n    import b", ["import b"]),
        ("with open('x') as f:\n    import a", ["call open", "import a"]),
        ("for x in y():\n    import a\nelse:\n    import b", ["call y", "if ? [import a] else [import b]"]),
        ("while x():\n    import a", ["call x", "if ? [import a] else []"]),
        ("while True:\n    import a", ["if ? [import a] else []", "die"]),
        ("while True:\n    break\nimport a", ["if ? [] else []", "import a"]),
        (
            "match x:\n    case 1: import a\n    case _: import b",
            ["if ? [import a] else []", "if ? [import b] else []"],
        ),
        ("if x == 1:\n    import a\nelif y:\n    import b", ["if x == 1 [import a] else [if y [import b] else []]"]),
        ("raise SystemExit\nimport a", ["die", "import a"]),
        ("sys.exit(main())", ["call main", "call sys.exit", "die"]),
        ("def f():\n    import a", []),
        ("async def f():\n    import a", []),
        ("@app.get('/')\ndef f(): ...", ["call app.get"]),
        ("class A(make(), metaclass=M):\n    x = f()", ["call make", "call f"]),
    ],
)
def test_what_happens_at_import(source, wanted):
    assert events(source) == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("f(g(), x=h())", ["call g", "call h", "call f"]),
        ("a.b(c())()", ["call c", "call a.b"]),
        ("x = a() if t() else b()", ["call t", "if t() [call a] else [call b]"]),
        ("x = 1 if t else 2", []),
        ("a() and b()", ["call a", "if a() [call b] else []"]),
        ("a() or b()", ["call a", "if a() [] else [call b]"]),
        ("a or b() or c()", ["if ? [] else [call b; call c]"]),
        ("x = lambda: f()", []),
        ("x = [f(y) for y in g()]", ["call g"]),
        ("x = {f(y): 1 for y in g()}", ["call g"]),
        ("any(f(y) for y in g())", ["call g", "call any"]),
        ("print(f'{f()}')", ["call f", "call print"]),
        ("(x := f())", ["call f"]),
        ("asyncio.run(main())", ["call main driven", "call asyncio.run"]),
        ("loop.run_until_complete(main())", ["call main driven", "call loop.run_until_complete"]),
        ("asyncio.create_task(main())", ["call main", "call asyncio.create_task"]),
        ("x: int = f()", ["call f"]),
        ("assert f()", ["call f", "if not f() [die] else []"]),
        ("del x[f()]", ["call f"]),
    ],
)
def test_which_calls_are_made(source, wanted):
    assert events(source) == wanted


def test_an_awaited_coroutine_is_driven():
    function = read("async def main():\n    await start()\n    stop()\n").functions["main"]
    assert [said(event) for event in modules.function_events(function)] == ["call start driven", "call stop"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("sys.path.insert(0, 'a')", ["path 0 'a'"]),
        ("sys.path.insert(1, str(ROOT))", ["call str", "path 1 str(ROOT)"]),
        ("sys.path.append('a')", ["path end 'a'"]),
        ("sys.path.extend(['a', 'b'])", ["path end 'a' 'b'"]),
        ("sys.path.extend(more)", ["path end more"]),
        ("sys.path += ['a']", ["path end 'a'"]),
        ("sys.path = ['a', 'b'] + sys.path", ["path 0 'a' 'b'"]),
        ("sys.path = sys.path + ['a']", ["path end 'a'"]),
        ("sys.path = ['a', *sys.path, 'b']", ["path 0 'a'", "path end 'b'"]),
        ("sys.path[:] = ['a'] + sys.path", ["path 0 'a'"]),
        ("sys.path[0:0] = ['a', 'b']", ["path 0 'a' 'b'"]),
        ("sys.path[:0] = ['a']", ["path 0 'a'"]),
        ("sys.path = ['a']", ["path somehow"]),
        ("sys.path[0] = 'a'", ["path somehow"]),
        ("sys.path[1:1] = ['a']", ["path somehow"]),
        ("del sys.path[0]", ["path somehow"]),
        ("sys.path.remove('a')", ["path somehow"]),
        ("sys.path.pop(0)", ["path somehow"]),
        ("sys.path.insert(*where)", ["path somehow"]),
        ("sys.meta_path.insert(0, Finder())", ["call Finder", "path somehow"]),
        ("site.addsitedir('a')", ["path end 'a'"]),
        ("sys.modules['a'] = b", ["module 'a'"]),
        ("sys.modules.setdefault('a', b)", ["module 'a'"]),
        ("sys.modules.update(x)", ["path somehow"]),
        ("import sys as s\ns.path.append('a')", ["import sys", "path end 'a'"]),
        ("from sys import path\npath.append('a')", ["import sys: path", "path end 'a'"]),
        ("from sys import path as p\np.insert(0, 'a')", ["import sys: path", "path 0 'a'"]),
        ("path = []\npath.append('a')", ["call path.append"]),
    ],
)
def test_changes_of_where_modules_come_from(source, wanted):
    assert events(source) == wanted


def test_names_that_a_file_gives_to_paths_are_written_in_full():
    source = """
        import os.path as osp
        from os.path import dirname as d
        from pathlib import Path as P
        sys.path.append(osp.join(d(x), P()))
    """
    assert events(source)[-1] == "path end os.path.join(os.path.dirname(x), pathlib.Path())"


# --- attempts


@pytest.mark.parametrize(
    ("kind", "caught"),
    [
        ("ImportError", "import+module"),
        ("ModuleNotFoundError", "module"),
        ("(ImportError, ValueError)", "error+import+module+other"),
        ("(ModuleNotFoundError, SyntaxError)", "module+syntax"),
        ("Exception", "attribute+error+file+import+key+module+name+other+syntax"),
        ("builtins.BaseException", "attribute+error+file+import+key+module+name+other+syntax"),
        ("FileNotFoundError", "file"),
        ("(IOError, RuntimeError)", "error+file+other"),
    ],
)
def test_what_a_handler_catches(kind, caught):
    source = f"try:\n    import a\nexcept {kind}:\n    import b\n"
    assert events(source) == [f"try [import a] except {caught} [import b] else []"]


def test_a_bare_except_catches_all():
    caught = "attribute+error+file+import+key+module+name+other+syntax"
    assert events("try:\n    import a\nexcept:\n    pass\n") == [f"try [import a] except {caught} [] else []"]


def test_handlers_in_order_with_else_and_finally():
    source = """
        try:
            import a
        except ModuleNotFoundError:
            import b
        except ImportError:
            raise
        else:
            import c
        finally:
            import d
    """
    assert events(source) == [
        "try [import a] except module [import b] import+module raises [die] else [import c]",
        "import d",
    ]


def test_the_first_handler_that_catches_decides():
    attempt = read("try:\n    import a\nexcept ModuleNotFoundError:\n    raise\nexcept ImportError:\n    import b\n").events[0]
    assert isinstance(attempt, Attempt)
    assert attempt.handler("module") is None
    handler = attempt.handler("import")
    assert handler is not None
    assert said(handler.body[0]) == "import b"
    assert attempt.handler("syntax") is None


@pytest.mark.parametrize(
    "end", ["raise", "raise RuntimeError('x') from None", "sys.exit(1)", "print('x')\n    exit()", "os._exit(1)"]
)
def test_a_handler_that_ends_the_program_catches_nothing(end):
    attempt = read(f"try:\n    import a\nexcept ImportError:\n    {end}\n").events[0]
    assert isinstance(attempt, Attempt)
    assert attempt.handler("module") is None


def test_a_handler_that_may_raise_is_taken_to_catch():
    attempt = read("try:\n    import a\nexcept ImportError:\n    if strict:\n        raise\n").events[0]
    assert isinstance(attempt, Attempt)
    assert attempt.handler("module") is not None


def test_other_errors_catch_no_import():
    assert events("try:\n    import a\nexcept (KeyError, TypeError):\n    import b\nelse:\n    import c\n") == [
        "try [import a] except key+other [import b] else [import c]"
    ]


@pytest.mark.parametrize(
    "with_", ["contextlib.suppress(ImportError)", "suppress(ValueError, ImportError)", "a(), suppress(ImportError)"]
)
def test_suppress_is_an_attempt(with_):
    attempt = read(f"with {with_}:\n    import a\n").events[-1]
    assert isinstance(attempt, Attempt)
    assert attempt.handler("module") is not None


def test_suppress_of_another_error_is_none():
    attempt = read("with suppress(KeyError):\n    import a\n").events[-1]
    assert isinstance(attempt, Attempt)
    assert attempt.handler("module") is None


@pytest.mark.parametrize("before", ["x = load()", "x = d['k']", "x = a.b", "if y:\n        pass", "f(1)"])
def test_behind_what_may_fail_nothing_in_a_guarded_block_is_sure(before):
    source = f"try:\n    import a\n    {before}\n    import b\nexcept SystemExit:\n    pass\n"
    assert events(source)[-1] == "if ? [import b] else []"
    assert events(source)[0] == "import a"


@pytest.mark.parametrize("before", ["'text'", "x = 1", "x: int = y", "print('x')", "logger.info('x')", "def f(): ...", "pass"])
def test_what_cannot_fail_leaves_the_rest_sure(before):
    source = f"try:\n    {before}\n    import b\nexcept SystemExit:\n    pass\n"
    assert events(source)[-1] == "import b"


def test_in_a_block_whose_handlers_all_raise_everything_is_sure():
    source = "try:\n    x = load()\n    import b\nexcept SystemExit:\n    raise\n"
    assert events(source) == ["call load", "import b"]


def test_a_handler_that_returns_may_end_the_function():
    function = read("def f():\n    try:\n        x = load()\n    except SystemExit:\n        return\n    import a\n").functions[
        "f"
    ]
    assert [said(event) for event in modules.function_events(function)] == ["call load", "if ? [return] else []", "import a"]


# --- names


def names(source: str) -> set[str]:
    return {name for name in read(source).names if not name.startswith("__")}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a = 1", "a"),
        ("a, (b, *c) = x", "a b c"),
        ("a: int = 1", "a"),
        ("a += 1", "a"),
        ("import a.b, c as d", "a d"),
        ("from x import a, b as c", "a c"),
        ("def a(): b = 1", "a"),
        ("async def a(): ...", "a"),
        ("class A:\n    b = 1", "A"),
        ("for a in x:\n    b = 1\nelse:\n    c = 1", "a b c"),
        ("while x:\n    a = 1", "a"),
        ("with x as a, y as (b, c):\n    d = 1", "a b c d"),
        ("try:\n    a = 1\nexcept E as e:\n    b = 1\nelse:\n    c = 1\nfinally:\n    d = 1", "a e b c d"),
        ("if x:\n    a = 1\nelif y:\n    b = 1\nelse:\n    c = 1", "a b c"),
        ("if (a := x):\n    pass", "a"),
        (
            "match x:\n    case [a, *b]: c = 1\n    case {'k': d, **e}: pass\n    case K(f=g) as h: pass",
            "a b c d e g h",
        ),
        ("def f():\n    global a\n    a = 1", "f a"),
        ("if TYPE_CHECKING:\n    from x import A\nelse:\n    B = 1", "B"),
        ("if typing.TYPE_CHECKING:\n    from x import A", ""),
    ],
)
def test_names_that_a_module_defines(source, wanted):
    assert names(source) == set(wanted.split())


@pytest.mark.parametrize(
    "source",
    [
        "def __getattr__(name): ...",
        "__getattr__, __dir__, __all__ = lazy.attach(__name__)",
        "globals()['a'] = 1",
        "globals().update(x)",
        "vars()['a'] = 1",
        "exec('a = 1')",
        "setattr(sys.modules[__name__], 'a', 1)",
        "sys.modules[__name__] = Lazy()",
        "__path__ = extend_path(__path__, __name__)",
        "__path__.append('x')",
        "def f():\n    globals()['a'] = 1\nf()",
        "for n in x:\n    globals()[n] = 1",
    ],
)
def test_modules_whose_names_cannot_all_be_seen(source):
    assert read(source).dynamic


@pytest.mark.parametrize(
    "source", ["a = 1", "def f():\n    x = locals()", "class A:\n    def __getattr__(self, n): ...", "x.setattr(1)"]
)
def test_modules_whose_names_can_all_be_seen(source):
    assert not read(source).dynamic


def test_star_imports_are_kept_apart():
    facts = read("from .a import *\nfrom b import c\n")
    assert [(star.module, star.level) for star in facts.stars] == [("a", 1)]


def test_where_a_name_is_bound_first():
    facts = read("import a\nx = 1; y = 2\nif x:\n    y = 3\n    z = 1\n")
    assert {name: facts.bound[name] for name in "axyz"} == {"a": (1, 0), "x": (2, 5), "y": (2, 12), "z": (5, 9)}


def test_a_class_and_what_a_call_makes_are_there_behind_their_last_line():
    facts = read("class A:\n    import b\napp = made(\n    1,\n)\n")
    assert {name: facts.bound[name] for name in ("A", "app")} == {"A": (2, 12), "app": (5, 1)}


# --- constants


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a = 1\nb: int = 2\nc = d = 3", "a b c d"),
        ("if x:\n    a = 1", "a"),
        ("a = 1\na = 2", ""),
        ("a = 1\nif x:\n    a = 2", ""),
        ("a = 1\na += 1", ""),
        ("a = 1\ndel a", ""),
        ("a = 1\nfor a in x:\n    pass", ""),
        ("a = 1\nwith x as a:\n    pass", ""),
        ("a = 1\nimport a", ""),
        ("from x import a\na = 1", ""),
        ("a = 1\ndef a(): ...", ""),
        ("a = 1\nclass a: ...", ""),
        ("a = 1\ndef f():\n    global a\n    a = 2", ""),
        ("a = 1\nif (a := 2):\n    pass", ""),
        ("a = 1\n(a, b) = x", ""),
        ("a = 1\ntry:\n    pass\nexcept E as a:\n    pass", ""),
        ("a = 1\nfrom x import *\nb = 2", "b"),
        ("a: int\na = 1", "a"),
        ("a = 1\ndef f():\n    a = 2", "a"),
        ("a.b = 1\na[0] = 1", ""),
    ],
)
def test_constants_are_names_that_are_bound_once(source, wanted):
    assert set(read(source).constants) == set(wanted.split())


def test_the_names_of_a_function_hide_those_of_its_module():
    function = read("def f(a, /, b, *c, d, **e):\n    g = 1\n    for h in b:\n        import i\n").functions["f"]
    constants, own = modules.function_constants(function)
    assert set(constants) == {"g"}
    assert own == set("abcdeghi")


# --- functions


def test_a_function_that_is_defined_twice_is_not_followed():
    facts = read("def a(): ...\ndef b(): ...\nif x:\n    def b(): ...\ndef c(): ...\nc = wrap(c)\n")
    assert set(facts.functions) == {"a"}
    assert {"a", "b", "c"} <= facts.names


@pytest.mark.parametrize(
    ("source", "driven", "wanted"),
    [
        ("def f(): ...", False, True),
        ("async def f(): ...", False, False),
        ("async def f(): ...", True, True),
        ("def f():\n    yield 1", False, False),
        ("def f():\n    if x:\n        z = yield from y", False, False),
        ("async def f():\n    yield 1", True, False),
        ("def f():\n    def g():\n        yield 1", False, True),
        ("@cache\ndef f(): ...", False, True),
        ("@functools.lru_cache(maxsize=1)\ndef f(): ...", False, True),
        ("@click.command()\n@click.option('--x')\ndef f(x): ...", False, True),
        ("@contextmanager\ndef f(): ...", False, False),
        ("@app.task\ndef f(): ...", False, False),
    ],
)
def test_whether_a_call_runs_the_body(source, driven, wanted):
    assert modules.runs(read(source).functions["f"], driven) is wanted


# --- files that do not parse


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("x = (\n", 1, "SyntaxError: '(' was never closed"),
        ("a = 1\nif x\n    pass\n", 2, "SyntaxError: expected ':'"),
        ("def f():\nreturn 1\n", 2, "IndentationError: expected an indented block after function definition on line 1"),
        ("if x:\n        a\n    b\n", 3, "IndentationError: unindent does not match any outer indentation level"),
        ("  x = 1\n", 1, "IndentationError: unexpected indent"),
    ],
)
def test_a_file_that_does_not_parse(source, line, message):
    error = modules.read(source.encode(), (3, 11)).error
    assert error is not None
    assert (error.line, error.message, error.merge) == (line, message, False)


def test_a_conflict_that_was_committed():
    source = "import a\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"
    error = modules.read(source.encode(), (3, 14)).error
    assert error is not None
    assert (error.line, error.message, error.merge) == (2, "SyntaxError: invalid syntax", True)


def test_zero_bytes_do_not_parse():
    error = modules.read(b"x = 1\0\n", (3, 11)).error
    assert error is not None
    assert error.message.startswith("SyntaxError: ")


@pytest.mark.parametrize("source", [b"\xef\xbb\xbfimport a\n", b"# coding: latin-1\nx = '\xe9'\nimport a\n", b"import a\r\n"])
def test_marks_encodings_and_line_endings_are_pythons_matter(source):
    facts = modules.read(source, (3, 11))
    assert [event.module for event in facts.events if isinstance(event, Import)] == ["a"]


def test_syntax_of_a_newer_python_is_read_for_images_that_have_it():
    source = "type A[T] = list[T]\nimport a\nx = f'{d['k']}'\n"
    assert read(source, (3, 12)).error is None
    assert "import a" in [said(event) for event in read(source, (3, 14)).events]
    if not hasattr(ast, "TypeAlias"):  # our own Python is older
        assert read(source, (3, 11)).error is not None


def test_nesting_that_is_too_deep_is_not_followed_and_no_error():
    facts = read("x = " + "+".join(["'a'"] * 3000))
    assert (facts.events, facts.error, facts.dynamic) == ((), None, True)


def test_aliases_do_not_change_what_a_call_names():
    event = read("import json as os\nos.run()\n").events[-1]
    assert isinstance(event, Call)
    assert dotted(event.node.func) == "os.run"


@pytest.mark.parametrize("source", [b"x = 1\0", b"x = " + b"-" * 100_000 + b"1", b"def f(:", b"\xff"])
def test_whatever_does_not_parse_is_a_syntax_error(source: bytes):
    with pytest.raises(SyntaxError):
        modules.parsed(source)


def test_a_strange_escape_in_a_text_is_nobodys_warning(recwarn: pytest.WarningsRecorder):
    modules.parsed(b'x = "\\d"\n')
    assert not recwarn.list
