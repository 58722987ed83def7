import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned, result

NAME = "drop-unknown-key"
LINE = '  dockerfile = "Dockerfile"\n'


def config(added: str, text: str = FLY) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text.replace(LINE, LINE + added)}


@pytest.mark.parametrize(
    "line",
    [
        '  docker_build_context = ".."\n',
        "\tcontext = '.'  # why not\n",
        '  "build_context"   =   "."\n',
        "  contexts = [\n    'a', # one\n    'b',\n  ]\n",
        '  text = """\nline\n"""\n',
    ],
)
def test_the_line_goes_and_nothing_else(line: str):
    check_transformed(NAME, config(line), {"fly.toml": FLY})


def test_a_comment_above_stays():
    check_transformed(
        NAME, config("  # the whole of it\n  context = '.'\n"), {"fly.toml": config("  # the whole of it\n")["fly.toml"]}
    )


def test_the_last_line_of_a_file_without_a_final_newline():
    text = 'app = "demo"\n\n[http_service]\n  internal_port = 8080\n  color = "blue"'
    check_transformed(NAME, {**HEALTHY, "fly.toml": text}, {"fly.toml": text.replace('  color = "blue"', "")})


def test_a_dotted_key_goes():
    text = 'app = "demo"\nbuild.dockerfile = "Dockerfile"\nbuild.context = "."\n\n[http_service]\n  internal_port = 8080\n'
    check_transformed(NAME, {**HEALTHY, "fly.toml": text}, {"fly.toml": text.replace('build.context = "."\n', "")})


def test_a_key_of_one_of_several_tables():
    text = (
        FLY.replace("[http_service]\n", "[[services]]\n  colour = 1\n  processes = ['app']\n")
        + "\n[[services]]\n  internal_port = 8081\n"
    )
    check_transformed(NAME, {**HEALTHY, "fly.toml": text}, {"fly.toml": text.replace("  colour = 1\n", "")})


def test_a_blank_line_is_not_left_double():
    check_transformed(NAME, config("\n  context = '.'\n"), {"fly.toml": FLY})


def test_mixed_line_endings_stay_mixed():
    text = FLY.replace('demo"\n\n[build]\n', 'demo"\r\n\r\n[build]\r\n').replace(LINE, LINE + '\n  context = "."\n')
    files = {**HEALTHY, "fly.toml": text}
    made = planned(files, NAME)
    assert result(made, files)["fly.toml"] == text.replace('  context = "."\n\n', "")


def test_it_goes_along_with_a_fault_that_is_repaired_in_the_same_file():
    files = config('  context = "."\n  dockerfile = "Dockerfile"\n')
    made = planned(files)
    assert [step.codemod for step in made.steps] == ["repair-toml", NAME]
    assert result(made, files)["fly.toml"] == FLY


def test_it_stays_when_nothing_else_is_wrong():
    made = planned(config('  context = "."\n'))
    assert [found.message for found in made.before[0].weaknesses] == ["`build.context` has no effect"]
    assert not made.tree.changes()


def test_known_keys_in_any_case_stay():
    check_noop(
        NAME, {**HEALTHY, "fly.toml": FLY.replace("[http_service]", "[HTTP_Service]").replace("internal_port", "Internal_Port")}
    )


def test_a_name_that_may_be_misspelt_is_left_to_a_person():
    assert reasons(NAME, config('  ignore_file = ".dockerignore"\n')) == {"`ignorefile` may be meant"}


@pytest.mark.parametrize("text", [FLY + "\n[colours]\n  sky = 'blue'\n", FLY + "\n[[colours]]\n  sky = 'blue'\n"])
def test_a_whole_table_is_left_to_a_person(text: str):
    assert reasons(NAME, {**HEALTHY, "fly.toml": text}) == {"a whole table is not dropped"}


def test_a_key_of_an_inline_table_is_left_to_a_person():
    text = FLY.replace("[build]\n" + LINE, 'build = { dockerfile = "Dockerfile", context = "." }\n')
    assert reasons(NAME, {**HEALTHY, "fly.toml": text}) == {"the key has no line of its own"}


def test_other_formats_are_left_to_a_person():
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    files["fly.json"] = '{"app": "demo", "build": {"context": "."}, "http_service": {"internal_port": 8080}}'
    assert reasons(NAME, files) == {"only TOML is edited"}


def test_two_targets_lose_their_own_lines():
    files = {
        **config("  context = '.'\n"),
        "fly.other.toml": FLY.replace("demo", "other").replace(LINE, LINE + "  context = '..'\n"),
    }
    check_transformed(NAME, files, {"fly.toml": FLY, "fly.other.toml": FLY.replace("demo", "other")})
