"""A repair becomes a commit that is the same each time, and a branch of the remote, unless somebody else was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.tree import Change, Tree
from bot.outside.commits import Author, CommitInfo, GitFailed, Store
from tests.bot.cli import git
from tests.bot.outside.commits import BOT, TOKEN, Remote, fetched, wait

FILES = {"main.py": "import ap\n", "app.py": "", "run.sh": "#!/bin/sh\n", "data/huge.bin": b"\0" * 1000, "ünï/ö.py": "x\n"}
MESSAGE = "Fix deploy: No module named 'ap'\n\nThe module is called app."


def repaired(store: Store, sha: str) -> list[Change]:
    with store.commit(sha) as commit:
        return (
            Tree(commit).write("main.py", "import app\n").write("new/start", "#!/bin/sh\n").make_executable("run.sh").changes()
        )


def test_the_commit_holds_the_changes_and_all_else_of_its_base(remote: Remote, store: Store):
    (remote.work / "app.py").write_text("")
    (remote.work / "app.py").chmod(0o755)
    base = remote.commit(FILES)
    fetched(store, remote, base)
    sha = wait(store.write(base, repaired(store, base), MESSAGE, BOT))
    wait(store.push(remote.access, "deploymend/fix", sha, None))
    assert remote.head("deploymend/fix") == sha
    assert git(remote.bare, "log", "-1", "--format=%P|%an|%ae|%cn|%ce|%B", sha).rstrip() == (
        f"{base}|{BOT.name}|{BOT.email}|{BOT.name}|{BOT.email}|{MESSAGE}"
    )
    script = blob("#!/bin/sh\n")
    assert git(remote.bare, "diff-tree", "-r", "--no-renames", base, sha).splitlines() == [
        f":100644 100644 {blob(FILES['main.py'])} {blob('import app' + chr(10))} M\tmain.py",
        f":000000 100644 {'0' * 40} {script} A\tnew/start",
        f":100644 100755 {script} {script} M\trun.sh",
    ]
    assert "100755 blob" in git(remote.bare, "ls-tree", sha, "app.py")
    assert git(remote.bare, "fsck", "--strict", "--no-dangling") == ""
    with store.commit(sha) as commit:
        assert commit.read("main.py") == b"import app\n"


def blob(text: str) -> str:
    import hashlib

    return hashlib.sha1(b"blob %d\0%s" % (len(text), text.encode())).hexdigest()


def test_the_same_repair_is_the_same_commit(remote: Remote, store: Store, tmp_path: Path):
    base = remote.commit(FILES)
    other = Store.create(str(tmp_path / "other"))
    for each in (store, other):
        fetched(each, remote, base)
    changes = repaired(store, base)
    first, second = wait(store.write(base, changes, MESSAGE, BOT)), wait(store.write(base, changes[::-1], MESSAGE, BOT))
    assert first == second == wait(other.write(base, changes, MESSAGE, BOT))
    dates = git(remote.bare, "log", "-1", "--format=%cd", "--date=raw", base)
    assert git(Path(store.folder), "log", "-1", "--format=%ad", "--date=raw", first) == dates
    assert wait(store.write(base, changes, "Other words", BOT)) != first


def test_a_file_is_moved_with_its_mode(remote: Remote, store: Store):
    remote.commit(FILES)
    (remote.work / "run.sh").chmod(0o755)
    base = remote.commit({})
    with fetched(store, remote, base).commit(base) as commit:
        changes = Tree(commit).move("run.sh", "bin/start").write("ünï/ö.py", "y\n").changes()
    sha = wait(store.write(base, changes, MESSAGE, BOT))
    with store.commit(sha) as commit:
        assert "run.sh" not in commit.entries("")
        assert commit.executable("bin/start")
        assert commit.read("ünï/ö.py") == b"y\n"


@pytest.mark.parametrize("path", ["", "a\nb", *"../x .git/config a/.GIT/x /etc/x app.py/x data link link/x a//b".split()])
def test_a_repair_goes_nowhere_but_into_the_tree(remote: Remote, store: Store, path: str):
    (remote.work / "link").symlink_to("main.py")
    base = remote.commit(FILES)
    fetched(store, remote, base)
    with pytest.raises(GitFailed) as failed:
        wait(store.write(base, [Change(path, None, b"", b"x", False)], MESSAGE, BOT))
    assert failed.value.kind == "hostile"


def test_a_repair_replaces_no_file_that_it_does_not_know(remote: Remote, store: Store):
    base = remote.commit(FILES)
    fetched(store, remote, base)
    for change in (Change("app.py", None, b"", b"x", False), Change("app.py", "main.py", b"", b"x", False)):
        with pytest.raises(GitFailed, match="must not replace"):
            wait(store.write(base, [change], MESSAGE, BOT))
    with pytest.raises(GitFailed, match="no file of the commit"):
        wait(store.write(base, [Change("gone.py", "gone.py", b"", b"x", False)], MESSAGE, BOT))
    with pytest.raises(GitFailed, match="changes nothing"):
        wait(store.write(base, [], MESSAGE, BOT))


def test_names_and_messages_cant_forge_a_commit(remote: Remote, store: Store):
    base = remote.commit(FILES)
    fetched(store, remote, base)
    evil = Author("X> 0 +0000\ncommitter Y <y@y", "<a@b>\n")
    message = "data 3\nM 100644 inline evil\n\0from x"
    sha = wait(store.write(base, repaired(store, base), message, evil))
    shown = git(Path(store.folder), "log", "-1", "--format=%an|%ae|%cn|%B", sha)
    assert shown.startswith("X 0 +0000committer Y y@y|a@b|X 0 +0000committer Y y@y|data 3\nM 100644 inline evil\nfrom x")
    assert git(Path(store.folder), "rev-list", "--count", sha, f"^{base}").strip() == "1"


# --- pushing


@pytest.fixture
def base(remote: Remote, store: Store) -> str:
    base = remote.commit(FILES)
    fetched(store, remote, base)
    return base


@pytest.fixture
def fix(store: Store, base: str) -> str:
    return wait(store.write(base, repaired(store, base), MESSAGE, BOT))


def test_a_push_that_was_done_is_done_again_without_effect(remote: Remote, store: Store, base: str, fix: str):
    for expected in (None, None, base, fix):
        wait(store.push(remote.access, "fix", fix, expected))
        assert remote.head("fix") == fix


def test_a_new_branch_takes_nobodys_place(remote: Remote, store: Store, base: str, fix: str):
    git(remote.work, "push", "-q", str(remote.bare), "HEAD:refs/heads/fix")
    with pytest.raises(GitFailed, match=r"not where it was expected \(stale info\)") as failed:
        wait(store.push(remote.access, "fix", fix, None))
    assert failed.value.kind == "rejected"
    assert remote.head("fix") == base


def test_an_update_only_replaces_what_was_expected(remote: Remote, store: Store, base: str, fix: str):
    wait(store.push(remote.access, "fix", fix, None))
    other = wait(store.write(base, repaired(store, base), "Better words", BOT))
    with pytest.raises(GitFailed) as failed:
        wait(store.push(remote.access, "fix", other, base))
    assert failed.value.kind == "rejected"
    wait(store.push(remote.access, "fix", other, fix))
    assert remote.head("fix") == other
    git(remote.bare, "update-ref", "-d", "refs/heads/fix")
    with pytest.raises(GitFailed) as failed:  # somebody deleted it: it does not come back
        wait(store.push(remote.access, "fix", fix, other))
    assert failed.value.kind == "rejected"


def test_a_base_that_its_branch_has_left_behind_needs_no_files(remote: Remote, store: Store, base: str, fix: str):
    remote.commit({"main.py": "pass\n"})
    before = git(Path(store.folder), "count-objects", "-v")
    wait(store.push(remote.access, "fix", fix, None))
    assert remote.head("fix") == fix
    assert git(Path(store.folder), "count-objects", "-v") == before  # nothing had to be fetched for it


def test_a_push_on_top_of_a_branch_asks_for_nothing(remote: Remote, store: Store, base: str, fix: str):
    begun = len(remote.server.asked)
    wait(store.push(remote.access, "fix", fix, None))
    assert remote.head("fix") == fix
    assert {asked.service for asked in remote.server.asked[begun:]} == {"git-receive-pack"}


def test_a_server_that_does_not_negotiate_gets_the_push_as_well(remote: Remote, store: Store, base: str, fix: str):
    from tests.servers.git_http import Asked, Reply

    remote.commit({"main.py": "pass\n"})
    pushing = False

    async def before(asked: Asked) -> Reply | None:
        nonlocal pushing
        first = asked.service == "git-upload-pack" and not pushing and asked.method == "POST"
        pushing = pushing or first
        return Reply(404) if first else None

    remote.server.before = before
    wait(store.push(remote.access, "fix", fix, None))
    assert remote.head("fix") == fix
    assert [asked.query for asked in remote.server.asked].count("service=git-receive-pack") == 3  # twice without success


def test_a_commit_that_the_store_lost_is_missing(remote: Remote, store: Store, base: str):
    with pytest.raises(GitFailed) as failed:
        wait(store.push(remote.access, "fix", "3" * 40, None))
    assert failed.value.kind == "missing"


def test_who_may_only_read_cant_push(remote: Remote, store: Store, base: str, fix: str):
    with pytest.raises(GitFailed) as failed:
        wait(store.push(remote.reader, "fix", fix, None))
    assert failed.value.kind == "refused"


def test_what_the_servers_rules_refuse_is_said_in_its_words(remote: Remote, store: Store, base: str, fix: str):
    hook = remote.bare / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\necho 'refusing to allow a GitHub App to update workflow {TOKEN}' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitFailed, match="refusing to allow a GitHub App") as failed:
        wait(store.push(remote.access, "fix", fix, None))
    assert failed.value.kind == "refused"
    assert TOKEN not in str(failed.value)


# --- who else was there


def test_only_our_commit_is_on_the_branch(remote: Remote, store: Store, base: str, fix: str):
    wait(store.push(remote.access, "fix", fix, None))
    assert wait(store.history(remote.access, "fix", base)) == [CommitInfo(fix, BOT.email, BOT.email, MESSAGE)]


def test_the_commits_of_others_are_seen(remote: Remote, store: Store, base: str, fix: str):
    wait(store.push(remote.access, "fix", fix, None))
    git(remote.work, "fetch", "-q", str(remote.bare), "fix")
    git(remote.work, "checkout", "-q", "FETCH_HEAD")
    theirs = remote.commit({"main.py": "import app  # mine\n"}, "Better\n\nTwo lines", "fix")
    found = wait(store.history(remote.access, "fix", base))
    assert [(commit.sha, commit.author_email) for commit in found] == [(theirs, "a@example.org"), (fix, BOT.email)]
    assert found[0].message == "Better\n\nTwo lines"


def test_what_the_base_has_got_meanwhile_is_not_counted(remote: Remote, store: Store, base: str, fix: str):
    wait(store.push(remote.access, "fix", fix, None))
    for number in range(3):
        newest = remote.commit({"main.py": f"x = {number}\n"})
    assert [commit.sha for commit in wait(store.history(remote.access, "fix", newest))] == [fix]


def test_a_base_far_behind_is_found(remote: Remote, store: Store, base: str, fix: str):
    wait(store.push(remote.access, "fix", fix, None))
    person = "committer A <a@example.org> {date} +0000\ndata 1\nx\n"
    lines = [f"commit refs/heads/main\n{person.format(date=1_900_000_000 + number)}" for number in range(120)]
    lines[0] += f"from {base}\n"
    git(remote.bare, "fast-import", "--quiet", "--date-format=raw", text="".join(lines))
    assert [commit.sha for commit in wait(store.history(remote.access, "fix", remote.head("main")))] == [fix]


def test_a_history_that_has_nothing_in_common_is_all_foreign(remote: Remote, store: Store, base: str):
    git(remote.work, "checkout", "-q", "--orphan", "other")
    alone = remote.commit({}, "alone", "other")
    assert [commit.sha for commit in wait(store.history(remote.access, "other", base))] == [alone]


def test_a_branch_that_is_not_there_has_no_history(remote: Remote, store: Store, base: str):
    with pytest.raises(GitFailed) as failed:
        wait(store.history(remote.access, "gone", base))
    assert failed.value.kind == "missing"


def test_a_history_leaves_nothing_in_the_store(remote: Remote, store: Store, base: str, fix: str):
    before = sorted(path.relative_to(store.folder) for path in Path(store.folder).rglob("*"))
    wait(store.history(remote.access, "main", base))
    assert sorted(path.relative_to(store.folder) for path in Path(store.folder).rglob("*")) == before
