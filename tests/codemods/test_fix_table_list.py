import tomllib

import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_transformed, faults, planned, result

NAME = "fix-table-list"
CHECK = '    path = "/docs"\n    interval = "30s"\n'
LISTED = FLY + "\n  [[http_service.checks]]\n" + CHECK
SERVICES = 'app = "demo"\n\n[[services]]\n  internal_port = 8080\n  protocol = "tcp"\n\n  [[services.ports]]\n    port = 80\n'


def config(text: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text}


def check(before: str, after: str) -> None:
    tomllib.loads(before)
    made = check_transformed(NAME, config(before), {"fly.toml": after})
    assert not [fault for report in made.after for fault in report.faults]


def test_a_named_check_becomes_an_element():
    check(FLY + "\n  [http_service.checks.health]\n" + CHECK, LISTED)


def test_the_header_above_it_goes():
    check(FLY + "\n  [http_service.checks]\n  [http_service.checks.health]\n" + CHECK, LISTED)


def test_a_single_table_becomes_the_one_element():
    check(FLY + "\n  [http_service.checks]  # alive?\n" + CHECK, LISTED.replace("checks]]", "checks]]  # alive?"))


def test_each_of_several_named_checks_becomes_an_element():
    check(
        FLY + "\n  [http_service.checks.one]\n" + CHECK + "\n  [http_service.checks.two]\n" + CHECK,
        LISTED + "\n  [[http_service.checks]]\n" + CHECK,
    )


def test_tables_in_a_named_check_follow():
    headers = "    [http_service.checks{}.headers]\n      X-Probe = 'fly'\n"
    check(FLY + "\n  [http_service.checks.one]\n" + CHECK + headers.format(".one"), LISTED + headers.format(""))


def test_single_files_become_the_one_element():
    text = FLY + "\n[files]\n  guest_path = '/etc/x'\n  raw_value = 'eA=='\n"
    check(text, text.replace("[files]", "[[files]]"))


def test_a_list_of_one_becomes_the_table():
    check(FLY.replace("[http_service]", "[[http_service]]"), FLY)


@pytest.mark.parametrize(
    "text",
    [
        FLY.replace("8080", '"eighty"'),  # no table at all
        FLY + "  checks = { health = { path = '/docs' } }\n",  # not written as headers
        FLY + "  checks.health.path = '/docs'\n",
        FLY.replace("[http_service]", "[[http_service]]") + "\n[[http_service]]\n  internal_port = 9090\n",  # which one?
    ],
)
def test_what_is_not_plain_is_left_to_a_person(text: str):
    assert any(fault.code == "config-type" for fault in faults(config(text)))
    assert reasons(NAME, config(text))


def test_top_level_checks_are_named_and_stay():
    named = FLY + '\n[checks.health]\n  type = "http"\n  port = 8080\n  path = "/docs"\n  interval = "30s"\n  timeout = "2s"\n'
    assert result(planned(config(named), NAME), config(named)) == config(named)
    assert not faults(config(named))


def test_single_tables_that_flyctl_takes_stay():
    text = SERVICES.replace("[[services]]", "[services]").replace("[[services.ports]]", "[services.ports]")
    assert not faults(config(text))
    assert not planned(config(text), NAME, unsafe=True).tree.changes()


def test_a_list_stays():
    assert not planned(config(LISTED), NAME, unsafe=True).tree.changes()


def test_json_is_left_alone():
    text = '{"app": "demo", "http_service": {"internal_port": 8080, "checks": {"a": {"path": "/docs"}}}}'
    files = {path: content for path, content in HEALTHY.items() if path != "fly.toml"} | {"fly.json": text}
    assert reasons(NAME, files) == {"only TOML is edited"}
