"""The users and groups of an image: who there is, with which number, which home and which groups.

The accounts that Debian's and Alpine's images bring are those of their base-passwd and alpine-baselayout packages.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.image.bases import Base

_DEBIAN = (
    "root:0:0:/root daemon:1:1:/usr/sbin bin:2:2:/bin sys:3:3:/dev sync:4:65534:/bin games:5:60:/usr/games"
    " man:6:12:/var/cache/man lp:7:7:/var/spool/lpd mail:8:8:/var/mail news:9:9:/var/spool/news uucp:10:10:/var/spool/uucp"
    " proxy:13:13:/bin www-data:33:33:/var/www backup:34:34:/var/backups list:38:38:/var/list irc:39:39:/run/ircd"
    " _apt:42:65534:/nonexistent nobody:65534:65534:/nonexistent"
)
_DEBIAN_GROUPS = (
    "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 dialout:20 fax:21"
    " voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 backup:34 operator:37 list:38 irc:39 src:40"
    " shadow:42 utmp:43 video:44 sasl:45 plugdev:46 staff:50 games:60 users:100 nogroup:65534"
)
_ALPINE = (
    "root:0:0:/root bin:1:1:/bin daemon:2:2:/sbin lp:4:7:/var/spool/lpd sync:5:0:/sbin shutdown:6:0:/sbin halt:7:0:/sbin"
    " mail:8:12:/var/mail news:9:13:/usr/lib/news uucp:10:14:/var/spool/uucppublic cron:16:16:/var/spool/cron"
    " ftp:21:21:/var/lib/ftp sshd:22:22:/dev/null games:35:35:/usr/games ntp:123:123:/var/empty guest:405:100:/dev/null"
    " nobody:65534:65534:/"
)
_ALPINE_GROUPS = (
    "root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 kmem:9 wheel:10 floppy:11 mail:12 news:13 uucp:14 cron:16 audio:18"
    " cdrom:19 dialout:20 ftp:21 sshd:22 input:23 tape:26 video:27 netdev:28 kvm:34 games:35 shadow:42 www-data:82 users:100"
    " ntp:123 abuild:300 utmp:406 ping:999 nogroup:65533 nobody:65534"
)


class User(NamedTuple):
    """A user. A number or a home is None where it can't be told; a group is its number, or its name where that is all."""

    name: str
    uid: int | None
    group: str
    home: str | None
    groups: frozenset[str] = frozenset()  # the others that it is in


class Users:
    """The accounts of a stage. `doubt` says why there may be others, or why those that are there may differ."""

    def __init__(self, users: dict[str, User], groups: dict[str, int | None], doubt: str | None = None) -> None:
        self.users = users
        self.groups = groups
        self.doubt = doubt

    def copy(self) -> Users:
        """Return accounts that start the same."""
        return Users(dict(self.users), dict(self.groups), self.doubt)

    def find(self, word: str) -> User | None:
        """Return the user that a name or a number means; a number needs no account, and then has no home of its own."""
        name = word.partition(":")[0]
        if name in self.users:
            return self.users[name]
        if not name.isdecimal() or len(name) > 10:
            return None
        known = next((user for user in self.users.values() if user.uid == int(name)), None)
        if known:
            return known
        told = self.doubt is None and all(user.uid is not None for user in self.users.values())
        return User(name, int(name), "0", "/" if told else None)

    def group(self, word: str) -> str | None:
        """Return the group that a name or a number means, as owners are written; None where there is none."""
        if word in self.groups:
            number = self.groups[word]
            return word if number is None else str(number)
        return word if word.isdecimal() else None

    def owner(self, word: str) -> str:
        """Return the owner that a user or `user:group` means: in numbers where they are known, but for `root`."""
        name, colon, group = word.partition(":")
        user = self.find(name)
        if user is None:
            return word
        of = (self.group(group) or group) if colon and group else user.group
        number = _number(user)
        return "root" if number == "root" and of in ("0", "root") else f"{number}:{of}"

    def given(self, written: str) -> str:
        """Return what chown is told, as owners are written; `user:` is followed by the group of the user."""
        name, colon, group = written.partition(":")
        user = self.find(name) if name else None
        number = _number(user) if user else name
        if not colon:
            return number
        return f"{number}:{(self.group(group) or group) if group else user.group if user else name}"

    def named(self, owner: str) -> str:
        """Return the name of the user that an owner in numbers is."""
        user = self.find(owner)
        return user.name if user else owner.partition(":")[0]

    def missing(self, word: str) -> tuple[Literal["user", "group"], str] | None:
        """Return what of `user` or `user:group` is certain not to be there."""
        name, _, group = word.partition(":")
        if self.doubt or "…" in word:
            return None
        if self.find(name) is None:
            return "user", name
        return ("group", group) if group and self.group(group) is None else None

    def home(self, word: str) -> str | None:
        """Return the home folder of a user; None where it can't be told."""
        user = self.find(word)
        return user.home if user else None


def _number(user: User) -> str:
    return user.name if user.uid is None else str(user.uid) if user.uid else "root"


def of(base: Base) -> Users:
    """Return the accounts that a base image brings."""
    alpine = "alpine" in base.name
    users = {}
    for entry in (_ALPINE if alpine else _DEBIAN).split():
        name, uid, gid, home = entry.split(":")
        users[name] = User(name, int(uid), gid, home)
    groups: dict[str, int | None] = {}
    for entry in (_ALPINE_GROUPS if alpine else _DEBIAN_GROUPS).split():
        name, gid = entry.split(":")
        groups[name] = int(gid)
    return Users(users, groups, None if base.known else f"the image {base.name} may bring users")
