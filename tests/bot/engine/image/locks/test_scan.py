import tomllib

from bot.engine.image.locks import scan

TEXT = """\
# made by a tool
version = 1

[[package]]
name = "a-b"
wheels = [
    { url = "https://example.org/[x].whl", size = 1 },
]
dependencies = [
    { name = "c", extra = ["d", "e"], marker = "sys_platform == 'win32'" },
    { name = "f", source = { registry = "https://example.org" } },
]
summary = "says [[package]]"

[package.extra-"quoted"]
"k.l" = ["m (>=1)", 'n']
deep = {version = ">=3", markers = "python_version < \\"3.11\\""}
"""


def test_tables_with_their_lines():
    found = list(scan.tables(TEXT))
    assert [(table.path, table.line) for table in found] == [("", 1), ("package", 4), ('package.extra-"quoted"', 15)]
    assert (found[1].string("name"), found[1].string("nothing"), "wheels" in found[1].values) == ("a-b", "", False)


def test_values():
    package, extra = list(scan.tables(TEXT))[1:]
    first, second = scan.inline_tables(package.values["dependencies"])
    assert (scan.string(first["name"]), scan.strings(first["extra"])) == ("c", ("d", "e"))
    assert scan.string(first["marker"]) == "sys_platform == 'win32'"
    assert scan.pairs(second["source"]) == {"registry": '"https://example.org"'}
    assert scan.strings(extra.values["k.l"]) == ("m (>=1)", "n")
    assert scan.string(scan.pairs(extra.values["deep"])["markers"]) == 'python_version < "3.11"'


def test_windows_line_endings_change_nothing():
    assert [table.path for table in scan.tables(TEXT.replace("\n", "\r\n"))] == [table.path for table in scan.tables(TEXT)]


def test_an_array_that_does_not_end():
    assert [table.path for table in scan.tables('[[package]]\nfiles = [\n    "x",\n')] == ["", "package"]


def test_as_tomllib_reads_it():
    text = TEXT.replace('extra-"quoted"', "extra")
    data = tomllib.loads(text)["package"][0]
    table = list(scan.tables(text))[1]
    assert [scan.string(each["name"]) for each in scan.inline_tables(table.values["dependencies"])] == [
        each["name"] for each in data["dependencies"]
    ]
