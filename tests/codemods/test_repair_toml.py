import tomllib

import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "repair-toml"
SERVICES = """\
app = "demo"

[[services]]
  internal_port = 8080
  protocol = "tcp"
  processes = ["app"]

  [[services.ports]]
    port = 80
"""


def broken(text: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text}


def check(before: str, after: str, unsafe: bool = False) -> None:
    tomllib.loads(after)
    check_transformed(NAME, broken(before), {"fly.toml": after}, unsafe)


@pytest.mark.parametrize("between", ["", "\n", "\n\n\n", "\n  \n"])
def test_the_second_copy_of_the_whole_content_goes(between: str):
    check(FLY + between + FLY, FLY)


def test_the_second_copy_of_the_end_goes():
    check(FLY + "\n" + FLY[FLY.index("[build]") :], FLY)


def test_a_copy_without_a_final_newline_goes():
    check(FLY + FLY.rstrip("\n"), FLY)


def test_a_copy_goes_with_its_comments_and_in_another_indentation():
    text = FLY.replace("[build]", "# how it is built\n[build]")
    check(text + text.replace("  ", "\t"), text)


def test_three_copies_become_one():
    check(FLY * 3, FLY)


def test_an_empty_list_before_its_table_goes():
    text = SERVICES + "\n  [[services.http_checks]]\n    path = '/docs'\n"
    check(text.replace('  protocol = "tcp"\n', '  protocol = "tcp"\n  http_checks = []\n'), text)


@pytest.mark.parametrize("empty", ["processes = []  # none\n", "processes = [\n]\n", "processes = {}\n", "'processes'=[ ]\n"])
def test_an_empty_value_before_the_table_of_its_name_goes(empty: str):
    text = 'app = "demo"\n\n[processes]\n  app = ""\n\n[http_service]\n  internal_port = 8080\n  processes = ["app"]\n'
    check(text.replace("\n\n[processes]", f"\n{empty}\n[processes]"), text)


def test_only_the_empty_list_of_the_same_service_goes():
    other = SERVICES[SERVICES.index("[[services]]") :].replace("8080", "8080\n  http_checks = []")
    text = (
        SERVICES.replace("8080", "8080\n  http_checks = []")
        + "\n"
        + other
        + "\n  [[services.http_checks]]\n    path = '/docs'\n"
    )
    at = text.rindex("  http_checks = []\n")
    check(text, text[:at] + text[at + len("  http_checks = []\n") :])


def test_the_lines_of_a_second_table_join_the_first():
    text = (
        FLY.replace("[http_service]", '[env]\n  A = "1"  # one\n\n[http_service]')
        + '\n[env]\n  B = "2"\n\n[[vm]]\n  memory = "1gb"\n'
    )
    check(text, text.replace('\n[env]\n  B = "2"\n', "", 1).replace("# one\n", '# one\n  B = "2"\n'))


def test_comments_between_the_lines_of_a_second_table_go_with_them():
    text = FLY + '\n[build]\n  # the second stage\n  build-target = "web"\n\n  ignorefile = "x"\n'
    wanted = '[build]\n  dockerfile = "Dockerfile"\n  # the second stage\n  build-target = "web"\n\n  ignorefile = "x"\n'
    check(text, 'app = "demo"\n\n' + wanted + "\n[http_service]\n  internal_port = 8080\n")


def test_a_second_table_at_the_end_without_a_final_newline():
    check(FLY + "\n[build]\n  ignorefile = 'x'", FLY.replace('"Dockerfile"\n', "\"Dockerfile\"\n  ignorefile = 'x'\n"))


def test_a_second_table_that_says_the_same_goes():
    text = FLY + '\n[env]\n  A = "1"\n'
    check(text + "[build]\n  dockerfile = 'Dockerfile' # again\n", text)


def test_a_second_header_without_lines_goes():
    check(FLY + "\n[build]\n", FLY)


@pytest.mark.parametrize("again", ['app = "demo"\n', "app='demo' # the same\n", '"app" = """demo"""\n'])
def test_a_key_that_is_set_twice_to_the_same_value(again: str):
    check(FLY.replace("\n\n[build]", f"\n{again}\n[build]"), FLY)


def test_a_byte_order_mark_goes():
    check("\ufeff" + FLY, FLY)


@pytest.mark.parametrize(
    ("first", "second"), [('"1"', '"2"'), ('"a#1"', '"a#2"'), ('"a"', "'a '"), ("['a', 'b=1']", "['a', 'b=2']"), ("1", '"1"')]
)
def test_of_two_values_the_later_one_stays_with_unsafe(first: str, second: str):
    text = FLY + f"\n[env]\n  A = {first}\n  A = {second}\n"
    assert not planned(broken(text), NAME).tree.changes()
    check(text, FLY + f"\n[env]\n  A = {second}\n", unsafe=True)


def test_of_two_tables_with_other_values_the_later_ones_stay_with_unsafe():
    text = FLY + '\n[env]\n  A = "1"\n  C = "3"\n\n[[vm]]\n  memory = "1gb"\n\n[env]\n  A = "2"\n  C = "3"\n'
    made = planned(broken(text), NAME)
    assert [dropped.suggestion for dropped in made.dropped] == [True]
    assert not made.tree.changes()
    check(text, FLY + '\n[env]\n  C = "3"\n  A = "2"\n\n[[vm]]\n  memory = "1gb"\n', unsafe=True)


def test_several_mistakes_are_mended_one_after_the_other():
    text = "\ufeffprocesses = []\n" + FLY + "\n[processes]\n  app = ''\n[build]\n  dockerfile = 'Dockerfile'\n"
    text = text.replace("[http_service]", "[http_service]\n  processes = ['app']")
    after = FLY.replace("[http_service]", "[http_service]\n  processes = ['app']") + "\n[processes]\n  app = ''\n"
    check(text, after)


@pytest.mark.parametrize(
    "text", [FLY, SERVICES, FLY.replace("[build]", "[[vm]]\n  memory = '1gb'\n[[vm]]\n  memory = '1gb'\n\n[build]")]
)
def test_a_file_that_parses_is_left_alone(text: str):
    check_noop(NAME, broken(text))


@pytest.mark.parametrize(
    "text",
    [
        FLY.replace('"demo"', "demo"),
        FLY.replace('"demo"', '"demo'),
        FLY.replace("[build]", "[build"),
        FLY + "\n[env]\n  A =\n",
        FLY + "{{ template }}\n",
        'app = "demo"\nenv = "x"\n\n[env]\n  A = "1"\n',
        FLY + "\n[[build]]\n",
    ],
)
def test_what_has_no_plain_meaning_is_left_to_a_person(text: str):
    found = reasons(NAME, broken(text))
    assert found
    assert all(reason.endswith(" has no plain meaning") for reason in found)


def test_a_problem_behind_a_mendable_one_leaves_the_file_as_it_is():
    assert reasons(NAME, broken(FLY + FLY.replace('"demo"', "demo"))) != set()


@pytest.mark.parametrize("name", ["fly.json", "fly.yaml"])
def test_other_formats_are_left_to_a_person(name: str):
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    files |= {name: '{"app": "demo"', "deploy.sh": f"fly deploy --config {name}\n"}
    assert reasons(NAME, files) == {"only TOML is repaired"}


def test_a_config_of_another_name_is_repaired_and_its_neighbour_left_alone():
    files = {"fly.api.toml": FLY + FLY, "fly.toml": FLY.replace("demo", "root"), "Dockerfile": DOCKERFILE, "main.py": MAIN}
    files["requirements.txt"] = HEALTHY["requirements.txt"]
    check_transformed(NAME, files, {"fly.api.toml": FLY})
