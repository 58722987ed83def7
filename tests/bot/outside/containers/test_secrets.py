"""Values of secrets: read from a file, made up, blotted out."""

from pathlib import Path

import pytest

from bot.outside.containers import secrets


def test_a_file_is_read_as_dotenv_reads_it(tmp_path: Path):
    path = tmp_path / "env"
    path.write_text("# mine\nexport A=1\nB='two words'\nC=\"x\\ny\"\nD=a # b\n\nE=${A}\n")
    assert secrets.read(str(path)) == {"A": "1", "B": "two words", "C": "x\ny", "D": "a", "E": "${A}"}


@pytest.mark.parametrize(
    ("data", "why"),
    [(None, "No such file or directory"), (b"A=\xff\n", "it is not UTF-8 text"), (b"A=" + b"x" * 2**20, "more than 1 MB")],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, data: bytes | None, why: str):
    path = tmp_path / "env"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(secrets.Unusable, match=why):
        secrets.read(str(path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://app:app@127.0.0.1:5432/app"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0"),
        ("CALLBACK_URL", "https://example.org"),
        ("SMTP_PORT", "5432"),
        ("DEBUG", "false"),
    ],
)
def test_a_made_up_value_has_the_form_of_its_name(name: str, value: str):
    assert secrets.stand_in(name) == value


def test_a_made_up_key_is_long_enough_and_says_what_it_is():
    assert secrets.stand_in("SECRET_KEY").startswith("stand-in-for-secret-key-")
    assert len(secrets.stand_in("JWT_SECRET")) >= 32


def test_a_database_has_the_form_of_its_platform():
    assert secrets.stand_in("DB", "postgres://app:app@127.0.0.1:5432/app") == "postgres://app:app@127.0.0.1:5432/app"


def test_values_do_not_show_where_they_are_printed_by_mistake():
    assert f"{secrets.Hidden({'KEY': 'hunter2'})} {secrets.Hidden(A='hunter2')!r}" == "Hidden(KEY) Hidden(A)"


def test_values_are_blotted_out_and_so_is_each_of_their_lines():
    text = "login with hunter2-very-long failed; key: line one; a"
    assert secrets.blotted(text, ["hunter2-very-long", "line one\nline two", "a"]) == "login with *** failed; key: ***; a"
