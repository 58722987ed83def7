"""What each event becomes, and that no payload makes an error."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webhooks import deliveries as d
from webhooks import events
from webhooks.events import Me
from webhooks.model import Commented, Dropped, Failure, Installed, PullChanged, Pushed, Repository
from webhooks.rules import Rules

ME = Me(d.APP, d.SLUG)
REPOSITORY = Repository(d.NAME, 99, "main", private=True, size=321)
FAILED = {
    "check_run": d.check_run(),
    "check_suite": d.about(
        "completed",
        check_suite={
            "id": 5,
            "head_sha": d.SHA,
            "head_branch": "main",
            "conclusion": "failure",
            "app": {"id": 3, "slug": "fly-io"},
        },
    ),
    "workflow_run": d.workflow_run(),
    "workflow_job": d.workflow_job(),
    "deployment_status": d.deployment_status(),
    "status": d.status(),
}
OF_INTEREST = FAILED | {
    "push": d.push(),
    "pull_request": d.pull_request(),
    "issue_comment": d.issue_comment(),
    "installation": d.about("created", repositories=[{"full_name": d.NAME}]),
    "installation_repositories": d.about("added", repositories_added=[{"full_name": d.NAME}], repositories_removed=[]),
}


def read(event, payload, me=ME, rules=Rules()):
    return events.read(event, payload, me, rules)


def test_every_event_that_the_app_asks_for_has_a_sample_here():
    assert {*OF_INTEREST, "ping"} == set(events.EVENTS)


@pytest.mark.parametrize("event", FAILED)
def test_a_failed_deploy_says_where_and_what(event):
    found = read(event, FAILED[event])
    assert isinstance(found, Failure)
    assert (found.repository, found.sha, found.branch, found.source) == (REPOSITORY, d.SHA, "main", event)
    assert found.conclusion == "failure"
    assert found.foreign is False
    assert found.identity > 0


def test_what_a_check_run_tells():
    found = read("check_run", d.check_run())
    assert found.text == "Deploy failed\nexit code 1"
    assert found.url == f"https://github.com/{d.NAME}/runs/128620228"


def test_what_a_job_tells():
    assert read("workflow_job", d.workflow_job()).text == "step failed: flyctl deploy"


def test_what_a_deployment_tells():
    found = read("deployment_status", d.deployment_status())
    assert found.log_url == "https://dashboard.render.com/web/srv-1/deploys/dep-1"
    assert found.name == "main - docflow"
    assert found.identity == 145988746


@pytest.mark.parametrize(("given", "kept"), [("refs/heads/main", "main"), (d.SHA, None), ("a..b", None)])
def test_the_branch_of_a_deployment(given, kept):
    payload = d.deployment_status()
    payload["deployment"]["ref"] = given
    assert read("deployment_status", payload).branch == kept


def test_a_commit_status_is_about_the_default_branch_if_that_has_the_commit():
    assert read("status", d.status()).branch == "main"
    assert read("status", d.status(branches=[{"name": "changes"}])).branch == "changes"


@pytest.mark.parametrize(
    "payload",
    [
        ("check_run", d.check_run(check_suite={"head_branch": None})),
        ("workflow_run", d.workflow_run(head_repository={"full_name": "stranger/docflow"})),
        ("workflow_job", d.workflow_job(head_branch=None)),
        ("status", d.status(branches=[])),
    ],
    ids=lambda payload: payload[0],
)
def test_a_commit_of_a_fork_is_foreign(payload):
    found = read(*payload)
    assert found.foreign is True
    assert found.branch is None


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("check_run", d.check_run(conclusion="success"), "passed"),
        ("check_run", d.check_run(conclusion="cancelled"), "passed"),
        ("check_run", d.check_run() | {"action": "created"}, "action"),
        ("check_run", d.check_run(name="test"), "no deploy"),
        (
            "check_suite",
            d.about("completed", check_suite={"conclusion": "failure", "app": {"slug": "github-actions"}}),
            "told by its jobs",
        ),
        ("workflow_job", d.workflow_job() | {"action": "queued"}, "action"),
        ("deployment_status", d.deployment_status(state="success"), "passed"),
        ("deployment_status", d.deployment_status(state="inactive"), "passed"),
        ("deployment_status", d.deployment_status("vercel[bot]", "Preview"), "no deploy"),
        ("status", d.status(state="pending"), "passed"),
        ("push", d.push("deploymend/0123456789ab"), "branch"),
        ("push", d.push(ref="refs/tags/main"), "branch"),
        ("push", d.push(deleted=True), "action"),
        ("pull_request", d.pull_request("opened"), "action"),
        ("pull_request", d.pull_request(branch="changes"), "branch"),
        ("issue_comment", d.issue_comment("thanks for /deploymend retry"), "no command"),
        ("issue_comment", d.issue_comment("/deploymendx"), "no command"),
        ("issue_comment", d.issue_comment() | {"action": "edited"}, "action"),
        ("issue_comment", d.issue_comment(kind="Bot"), "bot"),
        ("installation", d.about("new"), "action"),
        ("ping", {"zen": "Design for failure."}, "ping"),
        ("star", {}, "event"),
    ],
)
def test_what_concerns_nobody(event, payload, reason):
    assert read(event, payload) == Dropped(reason)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("check_run", d.check_run(app="x") | {}),
        ("check_suite", copy.deepcopy(FAILED["check_suite"])),
        ("deployment_status", d.deployment_status(performed_via_github_app={"id": d.APP})),
        ("status", d.status() | {"sender": {"login": f"{d.SLUG}[bot]"}}),
        ("push", d.push() | {"sender": {"login": f"{d.SLUG}[bot]"}}),
        ("pull_request", d.pull_request(sender=f"{d.SLUG}[bot]")),
        ("issue_comment", d.issue_comment(sender=f"{d.SLUG}[bot]")),
    ],
)
def test_what_we_did_ourselves_is_no_news(event, payload):
    for thing in ("check_run", "check_suite"):
        if thing in payload:
            payload[thing]["app"] = {"id": d.APP, "slug": d.SLUG}
    assert read(event, payload) == Dropped("ours")
    assert read(event, payload, rules=Rules(("*",))) == Dropped("ours")  # a setting can't make a loop


def test_a_fork_cannot_name_its_branch_like_ours():
    payload = d.pull_request()
    payload["pull_request"]["head"]["repo"]["full_name"] = "stranger/docflow"
    assert read("pull_request", payload) == Dropped("branch")
    payload["pull_request"]["head"]["repo"] = None  # the fork is gone
    assert read("pull_request", payload) == Dropped("branch")


def test_the_other_events():
    assert read("push", d.push()) == Pushed(REPOSITORY, "main", d.BEFORE, d.SHA, "octocat")
    assert read("push", d.push("release/1")) == Pushed(REPOSITORY, "release/1", d.BEFORE, d.SHA, "octocat")
    assert read("push", d.push("a..b")) == Dropped("malformed ref")
    changed = PullChanged(REPOSITORY, 12, "closed", "deploymend/0123456789ab", d.SHA, False, "octocat")
    assert read("pull_request", d.pull_request()) == changed
    commented = Commented(REPOSITORY, 12, 492700400, "octocat", "/deploymend explain x", True)
    assert read("issue_comment", d.issue_comment(" /deploymend explain x\n")) == commented
    assert read("installation", OF_INTEREST["installation"]) == Installed(99, "created", (d.NAME,))
    assert read("installation_repositories", OF_INTEREST["installation_repositories"]) == Installed(99, "added", (d.NAME,))


def test_without_a_slug_our_app_is_still_known_by_its_id():
    payload = d.check_run()
    payload["check_run"]["app"]["id"] = d.APP
    assert read("check_run", payload, Me(d.APP)) == Dropped("ours")
    assert isinstance(read("push", d.push() | {"sender": {"login": "None[bot]"}}, Me(d.APP)), Pushed)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("check_run", None),
        ("check_run.head_sha", "main"),
        ("check_run.head_sha", d.SHA + "\n"),
        ("check_run.id", True),
        ("check_run.id", 2**70),
        ("check_run.name", ["deploy"]),
        ("repository.full_name", "../../etc/passwd"),
        ("repository.full_name", "octo-org/.."),
        ("repository.full_name", "octo-org/docflow/../x"),
        ("repository.default_branch", "--upload-pack=x"),
        ("installation.id", "99"),
        ("installation", None),
    ],
)
def test_a_malformed_payload_is_dropped_with_its_place(path, value):
    payload = copy.deepcopy(d.check_run())
    *way, last = path.split(".")
    table = payload
    for key in way:
        table = table[key]
    table[last] = value
    found = read("check_run", payload)
    assert isinstance(found, Dropped)
    assert found.reason == f"malformed {path if path != 'installation' else 'installation.id'}"


@pytest.mark.parametrize("payload", [None, [], "x", 3, {}, {"action": ["completed"]}, {"action": "completed"}])
@pytest.mark.parametrize("event", sorted(events.READ))
def test_what_is_no_payload_at_all(event, payload):
    assert isinstance(read(event, payload), Dropped)


def test_text_can_be_stored_whatever_it_holds():
    found = read("check_run", d.check_run(name="deploy \ud800\0", output={"title": "\0" * 3, "summary": "x" * 10**6}))
    (found.name + found.text).encode()
    assert "\0" not in found.name + found.text
    assert len(found.text) <= 60_000
    assert len(found.name) <= 300


def test_addresses_are_those_that_a_browser_may_open():
    assert read("check_run", d.check_run(html_url="javascript:alert(1)")).url is None
    assert read("check_run", d.check_run(html_url="https://a b")).url is None
    assert read("deployment_status", d.deployment_status(log_url="file:///etc/passwd", target_url="ftp://x")).log_url is None


def _places(value, at=()):
    yield at
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(item, (*at, key))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_payload_makes_an_error(data):
    event = data.draw(st.sampled_from(sorted(OF_INTEREST)))
    payload = copy.deepcopy(OF_INTEREST[event])
    junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("\ud800\0"))
    # a new one each time: the same one laid into itself would have no end
    junk |= st.builds(lambda: [[]]) | st.builds(lambda: {"a": {}})
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from([at for at in _places(payload) if at]))
        table = payload
        for key in way:
            table = table[key]
        table[last] = data.draw(junk)
    found = read(event, payload)
    if isinstance(found, Dropped):
        assert found.reason.isascii()
        assert len(found.reason) < 80  # it becomes a label
    else:
        json.dumps(found).encode()
        "".join(str(part) for part in found).encode()
