import pytest

from bot.engine.model import dotenv


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A=1\nexport B = 2 # two\n#C=3\n", {"A": "1", "B": "2"}),
        ("A='x y'\nB=\"a\\nb\"\nC='a\\nb'\n", {"A": "x y", "B": "a\nb", "C": "a\\nb"}),
        ("A='two\nlines'\nB=a#b\n", {"A": "two\nlines", "B": "a#b"}),
        ("A\nB=\nC= # nothing\n", {"A": None, "B": "", "C": ""}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ('A="1" b\nB=2\n', {"B": "2"}),
        ("A=x${B}\n", {"A": None}),
    ],
)
def test_variables_are_read_as_python_dotenv_does(text: str, wanted: dict[str, str | None]) -> None:
    assert {entry.key: entry.value for entry in dotenv.read(text)} == wanted


def test_each_knows_where_its_value_stands() -> None:
    text = "# first\nA = 'x'  # c\nB=y z # c\n"
    found = dotenv.read(text)
    assert [(entry.line, text[entry.start : entry.end]) for entry in found] == [(2, "'x'"), (3, "y z")]
