import ast
import os
import pathlib
import time
from os.path import dirname, realpath
from pathlib import Path

import pytest

from bot.engine.boot.values import UNKNOWN, PathValue, Scope, dotted, evaluate, truth


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def scope(**changes: object) -> Scope:
    constants = changes.pop("constants", {})
    assert isinstance(constants, dict)
    named = {name: expression(text) for name, text in constants.items()}
    plain = Scope("/app/src/main.py", "/app", {"MODE": "web", "DEBUG": "0", "MADE": None}, False, named, (3, 11), "main")
    return plain._replace(**changes)  # type: ignore[arg-type]


def value(text: str, **changes: object) -> object:
    return evaluate(expression(text), scope(**changes))


PATHS = {
    "__file__": "/app/src/main.py",
    "os.path.dirname(__file__)": "/app/src",
    "os.path.dirname(os.path.dirname(os.path.abspath(__file__)))": "/app",
    "dirname(dirname(realpath(__file__)))": "/app",
    "os.path.join(os.path.dirname(__file__), '..', 'lib')": "/app/src/../lib",
    "os.path.abspath(os.path.join(os.path.dirname(__file__), os.pardir))": "/app",
    "os.path.normpath('lib/../src')": "src",
    "os.path.abspath('lib')": "/app/lib",
    "os.path.expanduser('/srv/lib')": "/srv/lib",
    "os.getcwd()": "/app",
    "os.getcwd() + '/lib'": "/app/lib",
    "f'{os.getcwd()}/lib'": "/app/lib",
    "'src' + os.sep": "src/",
    "str(Path(__file__).parent)": "/app/src",
    "str(Path(__file__).resolve().parent.parent)": "/app",
    "str(pathlib.Path(__file__).resolve().parents[1])": "/app",
    "str(Path(__file__).parent / 'lib' / 'x')": "/app/src/lib/x",
    "str(Path(__file__).parent.joinpath('lib', 'x'))": "/app/src/lib/x",
    "Path(__file__).parent.as_posix()": "/app/src",
    "os.fspath(Path(__file__).parent)": "/app/src",
    "str(Path('/app', 'lib'))": "/app/lib",
    "str(Path('.').resolve())": "/app",
    "str(Path.cwd() / 'lib')": "/app/lib",
    "str(Path('lib').absolute())": "/app/lib",
    "Path(__file__).name": "main.py",
    "os.path.join(Path(__file__).parent, 'lib')": "/app/src/lib",
    "os.path.dirname(Path(__file__))": "/app/src",
}


@pytest.mark.parametrize("text", PATHS)
def test_the_usual_ways_to_build_a_path_are_evaluated(text):
    assert value(text) == PATHS[text]


@pytest.mark.parametrize("text", PATHS)
def test_python_itself_comes_to_the_same_paths(text, tmp_path, monkeypatch):
    folder = str(tmp_path.resolve())
    file = f"{folder}/src/main.py"
    monkeypatch.chdir(folder)
    names = {"os": os, "pathlib": pathlib, "Path": Path, "dirname": dirname, "realpath": realpath, "__file__": file}
    assert evaluate(expression(text), scope(file=file, folder=folder)) == eval(text, names)


def test_the_parent_of_a_path_is_pathlibs_and_forgets_no_dots():
    assert value("str((Path(__file__).parent / '..').parent)") == "/app/src"
    assert value("str(Path('main.py').parent)") == "."
    assert value("str(Path('/').parent)") == "/"
    assert value("str(Path('a//b/./c'))") == "a/b/c"


def test_a_path_object_is_told_from_its_text():
    assert isinstance(value("Path('lib')"), PathValue)
    assert type(value("str(Path('lib'))")) is str
    assert value("Path('lib') == 'lib'") is UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "function()",
        "os.path.join(base, 'x')",
        "os.path.join(*parts)",
        "os.path.join('a', **more)",
        "os.path.expanduser('~/lib')",
        "Path.home() / 'lib'",
        "Path(unknown)",
        "os.path.dirname(module.__file__)",
        "'a' + unknown",
        "1 / 0",
        "Path('a') + 'b'",
        "'a' + Path('b')",
        "f'{unknown}/lib'",
        "f'{5:03d}'",
        "f'{MODE!r}'",
        "sys.argv[1]",
        "sys.argv[1:]",
        "('a', 'b')[::2]",
        "('a', 'b')[5]",
        "('a', 'b')[unknown]",
        "Path(__file__).parents[unknown]",
        "lambda: 1",
        "int('x')",
        "[unknown]",
        "a if unknown else b",
        "'a' < 1",
        "MADE.lower()",
    ],
)
def test_what_depends_on_more_than_the_file_is_unknown(text):
    assert value(text) is UNKNOWN


def test_a_variable_that_the_image_sets_is_told_and_one_that_is_made_elsewhere_is_not():
    assert value("os.getenv('MODE')") == "web"
    assert value("os.environ['MODE']") == "web"
    assert value("os.environ.get('MODE', 'x')") == "web"
    assert value("os.getenv('MADE')") is UNKNOWN
    assert value("os.environ.get(unknown)") is UNKNOWN


def test_a_variable_that_is_not_set_may_be_a_secret():
    assert value("os.getenv('SECRET')") is UNKNOWN
    assert value("os.getenv('SECRET', 'x')") is UNKNOWN
    assert value("os.getenv('SECRET', 'x')", complete=True) == "x"
    assert value("os.getenv('SECRET')", complete=True) is None
    assert value("os.environ['SECRET']", complete=True) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sys.version_info >= (3, 11)", True),
        ("sys.version_info >= (3, 12)", False),
        ("sys.version_info < (3, 8)", False),
        ("sys.version_info > (3, 11)", True),
        ("sys.version_info[0] == 2", False),
        ("sys.version_info.major >= 3 and sys.version_info.minor >= 10", True),
        ("sys.version_info[:2] == (3, 11)", True),
        ("sys.version_info[:2] >= (3, 12)", False),
        ("(3, 8) <= sys.version_info < (3, 12)", True),
        ("(3, 12) <= sys.version_info < (3, 14)", False),
        ("sys.version_info == (3, 11)", False),
        ("sys.platform == 'win32'", False),
        ("sys.platform.startswith('win')", False),
        ("sys.platform.startswith(('linux', 'darwin'))", True),
        ("sys.platform in ('win32', 'cygwin')", False),
        ("os.name == 'nt'", False),
        ("os.name != 'nt'", True),
        ("platform.system() == 'Windows'", False),
        ("six.PY2", False),
        ("TYPE_CHECKING", False),
        ("typing.TYPE_CHECKING", False),
        ("not TYPE_CHECKING", True),
        ("__name__ == '__main__'", False),
        ("os.getenv('MODE') == 'web'", True),
        ("os.getenv('MODE', '').lower() in ('web', 'worker')", True),
        ("int(os.getenv('DEBUG')) == 1", False),
        ("os.environ['MODE'] is not None", True),
        ("'x' if os.getenv('MODE') == 'web' else 'y'", True),
    ],
)
def test_conditions_that_the_image_decides(text, wanted):
    assert truth(expression(text), scope()) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "sys.version_info >= (3, 11, 4)",
        "sys.version_info[:3] == (3, 11, 4)",
        "sys.version_info.micro > 3",
        "sys.version_info[2] > 3",
        "os.getenv('SECRET')",
        "os.path.exists('/app')",
        "os.getenv('SECRET') and unknown",
        "unknown or os.getenv('SECRET')",
        "'pytest' in sys.modules",
        "unknown > 3",
        "1 < unknown < 3",
        "None < 3",
    ],
)
def test_conditions_that_nobody_can_decide(text):
    assert truth(expression(text), scope()) is None


def test_a_chain_is_true_or_false_before_all_of_it_is_known():
    assert truth(expression("unknown or True"), scope()) is True
    assert truth(expression("unknown and False"), scope()) is False
    assert truth(expression("not (unknown and False)"), scope()) is True
    assert truth(expression("True and 1 and 'x'"), scope()) is True


def test_the_value_of_a_chain_needs_all_that_may_be_its_value():
    assert value("os.getenv('SECRET') or 'lib'") is UNKNOWN
    assert value("'' or 'lib'") == "lib"
    assert value("os.getenv('MODE') or 'lib'") == "web"
    assert value("'a' and 'b'") == "b"
    assert value("(unknown or True) == True") is UNKNOWN


def test_whether_a_folder_is_on_the_path_is_told_where_the_path_is_known():
    known = {"path": ("/app", "/app/lib")}
    assert truth(expression("'/app/lib' not in sys.path"), scope(**known)) is False
    assert truth(expression("os.path.dirname(__file__) not in sys.path"), scope(**known)) is True
    assert truth(expression("'/app' in sys.path"), scope(**known)) is True
    assert truth(expression("Path('/app') in sys.path"), scope(**known)) is False
    assert truth(expression("unknown in sys.path"), scope(**known)) is None
    assert truth(expression("'/app' in sys.path"), scope()) is None


def test_the_package_of_a_script_is_none_and_that_of_a_module_its_name():
    assert truth(expression("__package__ is None or __package__ == ''"), scope()) is True
    assert truth(expression("__package__"), scope(package="pkg")) is True
    assert truth(expression("__package__ in (None, '')"), scope(package="")) is True


def test_constants_stand_for_their_values():
    named = {"ROOT": "Path(__file__).resolve().parent.parent", "LIB": "ROOT / 'lib'"}
    assert value("str(LIB)", constants=named) == "/app/lib"
    assert value("FLAG", constants={"FLAG": "True"}) is True


def test_constants_that_name_themselves_or_each_other_are_unknown():
    assert value("A", constants={"A": "A"}) is UNKNOWN
    assert value("A", constants={"A": "B + 'x'", "B": "A + 'y'"}) is UNKNOWN


def test_constants_that_double_each_other_cost_no_time():
    named = {f"A{index}": f"A{index + 1} + A{index + 1}" for index in range(28)} | {"A28": "'x'"}
    started = time.perf_counter()
    value("A0", constants=named)
    assert time.perf_counter() - started < 1


def test_an_expression_that_is_nested_deeply_is_unknown():
    assert value("+".join(["'x'"] * 200)) is UNKNOWN
    assert truth(expression("not " * 500 + "x"), scope()) is None


def test_dotted_names():
    assert dotted(expression("a.b.c")) == "a.b.c"
    assert dotted(expression("a")) == "a"
    assert dotted(expression("a().b")) == ""
    assert dotted(expression("a[0].b")) == ""


def test_texts_that_double_each_other_take_no_room():
    constants = {"a0": "'" + "x" * 100 + "'"} | {f"a{n}": f"a{n - 1} + a{n - 1} + a{n - 1}" for n in range(1, 30)}
    assert len(str(value("a3", constants=constants))) == 2700
    assert value("a29", constants=constants) is UNKNOWN


@pytest.mark.parametrize("text", ["str(0x" + "f" * 5000 + ")", "int('²')", f"int('{'9' * 5000}')", "f'{0x" + "f" * 5000 + "}'"])
def test_numbers_that_python_does_not_write_out_are_unknown(text):
    assert value(text) is UNKNOWN
