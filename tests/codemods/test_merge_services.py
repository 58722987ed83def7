import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "merge-services"
HTTP = FLY + "  force_https = true\n"
SERVICES = """
[[services]]
  protocol = "tcp"
  internal_port = 8080

  [[services.ports]]
    port = 80
    handlers = ["http"]
    force_https = true

  [[services.ports]]
    port = 443
    handlers = ["tls", "http"]
"""
CHECKS = """
  # asked often
  [[services.http_checks]]
    interval = "15s"
    path = "/docs"

    [services.http_checks.headers]
      X-Asked-By = "fly"
"""
LIMITS = '\n  [services.concurrency]\n    type = "requests"\n    hard_limit = 20\n'
BOTH = HTTP + SERVICES
VM = "\n[[vm]]\n  size = 'shared-cpu-1x'\n"


def config(text: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text}


def in_http_service(text: str) -> str:
    return text.replace("services.http_checks", "http_service.checks").replace(
        "services.concurrency", "http_service.concurrency"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BOTH, HTTP),
        (BOTH + VM, HTTP + VM),
        (BOTH + CHECKS + LIMITS, HTTP + in_http_service(CHECKS + LIMITS)),
        (BOTH + LIMITS + CHECKS + VM, HTTP + in_http_service(LIMITS + CHECKS) + VM),
        (HTTP + in_http_service(CHECKS) + SERVICES + CHECKS.replace("  # asked often\n", ""), HTTP + in_http_service(CHECKS)),
        (
            HTTP.replace("8080", '8080\n  processes = ["app"]') + SERVICES.replace("8080", '8080\n  processes = ["app"]'),
            HTTP.replace("8080", '8080\n  processes = ["app"]'),
        ),
        (BOTH.replace('  protocol = "tcp"\n', "  # by hand\n"), f"{HTTP}\n  # by hand\n"),
    ],
)
def test_a_port_is_exposed_once(before: str, after: str):
    check_transformed(NAME, config(before), {"fly.toml": after})


def test_it_is_reported_and_left_alone_unless_selected():
    made = planned(config(BOTH))
    assert [found.message for found in made.before[0].weaknesses] == [
        "[http_service] and [[services]] both expose port 8080 on 80 and 443"
    ]
    assert made.before[0].faults == ()
    assert not made.tree.changes()


@pytest.mark.parametrize(
    "text",
    [
        HTTP,
        FLY[: FLY.index("[http")] + SERVICES,
        BOTH.replace('"tcp"', '"udp"'),
        HTTP + SERVICES.replace("8080", "9090"),
        BOTH.replace("port = 80\n", "port = 8000\n").replace("port = 443", "port = 8443"),
        HTTP.replace("8080", '8080\n  processes = ["web"]') + SERVICES.replace("8080", '8080\n  processes = ["app"]'),
    ],
)
def test_ports_of_their_own(text: str):
    check_noop(NAME, config(text))
    assert "service-twice" not in {found.code for found in planned(config(text)).before[0].weaknesses}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (BOTH.replace("  force_https = true\n", "", 1), "force_https"),
        (BOTH.replace('handlers = ["tls", "http"]', 'handlers = ["tls"]'), "port 443"),
        (BOTH.replace("port = 443", "port = 8443"), "port 8443"),
        (BOTH.replace('"tcp"\n', '"tcp"\n  min_machines_running = 2\n'), "min_machines_running"),
        (BOTH + "\n  [[services.tcp_checks]]\n    interval = '15s'\n", "tcp_checks"),
        (BOTH + CHECKS.replace('"15s"', "15000"), "durations"),
        (HTTP + in_http_service(CHECKS).replace("/docs", "/up") + SERVICES + CHECKS, "http_checks"),
    ],
)
def test_what_one_of_them_alone_says(text: str, about: str):
    assert f"the two say different things about {about}" in reasons(NAME, config(text))


def test_other_ways_to_write_it():
    more = BOTH + "\n[[services]]\n  internal_port = 9000\n"
    assert reasons(NAME, config(more)) == {"there are more services than the two"}
    inline = HTTP + '\n[[services]]\n  ports = [{ port = 80, handlers = ["http"], force_https = true }]\n'
    check_transformed(NAME, config(inline), {"fly.toml": HTTP})
    values = inline + '  http_checks = [{ path = "/docs" }]\n'
    assert reasons(NAME, config(values)) == {"the service is not written in tables of its own"}
