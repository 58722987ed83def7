"""useradd, adduser, usermod and their like: what they make of an image's users, and the words with which they give up.

The commands of Debian's passwd and adduser packages (bookworm's were tried), and BusyBox's, which Alpine has.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image.bases import Base
from bot.engine.image.users import User, Users

PROGRAMS = frozenset("useradd adduser groupadd addgroup usermod userdel deluser groupdel delgroup".split())
_VALUES = {  # the options that take a value
    "useradd": "-b -c -d -e -f -g -G -k -K -p -R -P -s -u -Z --base-dir --comment --home-dir --home --expiredate --inactive"
    " --gid --groups --skel --key --password --root --prefix --shell --uid --selinux-user",
    "usermod": "-c -d -e -f -g -G -l -p -R -P -s -u -v -V -w -W -Z --comment --home --expiredate --inactive --gid --groups"
    " --login --password --root --prefix --shell --uid --selinux-user",
    "groupadd": "-g -K -p -R -P -U --gid --key --password --root --prefix --users",
    "debian": "--uid -u --firstuid --lastuid --gid --firstgid --lastgid --ingroup --home --shell --gecos --comment --conf"
    " --add_extra_groups",
    "busybox": "-h -g -s -G -u -k --home --gecos --shell --ingroup --uid --skel --gid",
}
_AMBIGUOUS = {  # single letters of BusyBox's options, as Debian's adduser reads them: without regard to case
    "d": "debug, disabled-login, disabled-password",
    "s": "shell, system",
    "g": "gecos, gid, group",
}
_OLD_HOMES = re.compile(r"stretch|buster|bullseye")  # up to there, adduser makes homes for accounts of the system
_FIRST, _FIRST_SYSTEM, _LAST_SYSTEM = 1000, 100, 999


class Asked(NamedTuple):
    """A command taken apart: each option with its value (None: made at run time), and the names."""

    options: dict[str, str | None]
    names: list[str | None]

    def get(self, *names: str) -> str | None:
        """Return the value of an option by any of its names."""
        return next((self.options[name] for name in names if name in self.options), None)

    def has(self, *names: str) -> bool:
        """Say whether an option is there."""
        return any(name in self.options for name in names)


class Home(NamedTuple):
    """A home folder that a command makes."""

    path: str
    owner: str


class Outcome(NamedTuple):
    """What a command came to: the words with which it gives up, or the home that it makes."""

    message: str | None = None
    home: Home | None = None


def follow(users: Users, program: str, words: list[str | None], base: Base) -> Outcome:
    """Follow a command that changes accounts; `users` are changed in place."""
    alpine = "alpine" in base.name
    match program:
        case "useradd":
            return _useradd(users, _taken(words, _VALUES["useradd"]))
        case "groupadd":
            return _groupadd(users, _taken(words, _VALUES["groupadd"]))
        case "usermod":
            return _usermod(users, _taken(words, _VALUES["usermod"]))
        case "adduser" | "addgroup" if alpine:
            return _busybox(users, program, _taken(words, _VALUES["busybox"]))
        case "adduser" | "addgroup":
            return _debian(users, program, words, _OLD_HOMES.search(base.name) is None and (base.python or (3,)) >= (3, 8))
        case "userdel" | "deluser":
            users.users.pop(_last(words), None)
        case _:
            users.groups.pop(_last(words), None)
    return Outcome()


def _taken(words: list[str | None], values: str) -> Asked:
    """Take a command apart as getopt does: names may stand anywhere, letters in one word, the last with its value."""
    with_value, asked, queue = frozenset(values.split()), Asked({}, []), list(words)
    while queue:
        word = queue.pop(0)
        if word is None or not word.startswith("-") or word == "-":
            asked.names.append(word)
        elif word.startswith("--"):
            option, equals, value = word.partition("=")
            given = value if equals else queue.pop(0) if option in with_value and queue else ""
            asked.options[option] = given
        else:
            _letters(word[1:], with_value, asked, queue)
    return asked


def _letters(letters: str, with_value: frozenset[str], asked: Asked, queue: list[str | None]) -> None:
    for at, letter in enumerate(letters):
        option = f"-{letter}"
        if option in with_value:
            asked.options[option] = letters[at + 1 :] or (queue.pop(0) if queue else None)
            return
        asked.options[option] = ""


def _last(words: list[str | None]) -> str:
    return next((word for word in reversed(words) if word and not word.startswith("-")), "")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 11 else None


def _missing_group(users: Users, program: str, *named: str | None) -> str | None:
    """Return the words about a group that is not there."""
    for group in named:
        if group and users.group(group) is None:
            return f"{program}: group '{group}' does not exist"
    return None


def _useradd(users: Users, asked: Asked) -> Outcome:
    name = asked.names[0] if asked.names else None
    if name is None:
        users.doubt = users.doubt or "useradd with a name that is made at run time"
        return Outcome()
    if name in users.users:
        return Outcome(f"useradd: user '{name}' already exists")
    more = (asked.get("-G", "--groups") or "").split(",")
    group = asked.get("-g", "--gid")
    if problem := _missing_group(users, "useradd", group, *more):
        return Outcome(problem)
    system = asked.has("-r", "--system")
    number = _given(asked, "-u", "--uid")
    if number is None and not asked.has("-u", "--uid"):
        number = _lowest(users) if system else _highest(users)
    primary = users.group(group) if group else None
    if primary is None and not asked.has("-g", "--gid"):
        primary = "100" if asked.has("-N", "--no-user-group") else _new_group(users, name, number)
    home = f"{asked.get('-b', '--base-dir') or '/home'}/{name}"
    if asked.has("-d", "--home-dir", "--home"):
        home = asked.get("-d", "--home-dir", "--home") or ""
    made = asked.has("-m", "--create-home") and not asked.has("-M", "--no-create-home")
    return _added(users, name, number, primary or name, home or None, more, made)


def _given(asked: Asked, *names: str) -> int | None:
    return _number(asked.get(*names)) if asked.has(*names) else None


def _added(users: Users, name: str, number: int | None, group: str, home: str | None, more: list[str], made: bool) -> Outcome:
    user = User(name, number, group, home, frozenset(found for each in more if each and (found := users.group(each))))
    users.users[name] = user
    return Outcome(None, Home(home, users.owner(name)) if made and home else None)


def _highest(users: Users) -> int | None:
    """Return the number that useradd gives: one more than the highest of people; None where one is not known."""
    numbers = [user.uid for user in users.users.values()]
    if None in numbers:
        return None
    return max((number for number in numbers if number and _FIRST <= number < 60000), default=_FIRST - 1) + 1


def _lowest(users: Users) -> int | None:
    """Return the number that useradd gives a system's account: one less than the lowest of them."""
    numbers = [user.uid for user in users.users.values()]
    if None in numbers:
        return None
    return min((number for number in numbers if number and 500 < number <= _LAST_SYSTEM), default=_LAST_SYSTEM + 1) - 1


def _free(users: Users, start: int) -> int | None:
    """Return the first number that no user has, from one on, as adduser gives it."""
    numbers = {user.uid for user in users.users.values()}
    if None in numbers:
        return None
    return next(number for number in range(start, start + len(numbers) + 1) if number not in numbers)


def _new_group(users: Users, name: str, number: int | None) -> str:
    """Add the group that a user gets of its own: of the same number, or of the next one that is free."""
    if name not in users.groups:
        while number is not None and number in users.groups.values():
            number += 1
        users.groups[name] = number
    return users.group(name) or name


def _groupadd(users: Users, asked: Asked) -> Outcome:
    name = asked.names[0] if asked.names else None
    if name is None:
        users.doubt = users.doubt or "groupadd with a name that is made at run time"
        return Outcome()
    if name in users.groups:
        return Outcome() if asked.has("-f", "--force") else Outcome(f"groupadd: group '{name}' already exists")
    users.groups[name] = _given(asked, "-g", "--gid")
    return Outcome()


def _usermod(users: Users, asked: Asked) -> Outcome:
    name = asked.names[0] if asked.names else None
    user = users.users.get(name or "")
    if user is None:
        return Outcome(f"usermod: user '{name}' does not exist" if name else None)
    more = (asked.get("-G", "--groups") or "").split(",")
    group = asked.get("-g", "--gid")
    if problem := _missing_group(users, "usermod", group, *more):
        return Outcome(problem)
    user = user._replace(groups=user.groups | {found for each in more if each and (found := users.group(each))})
    if group:
        user = user._replace(group=users.group(group) or group)
    if asked.has("-u", "--uid"):
        user = user._replace(uid=_given(asked, "-u", "--uid"))
    if asked.has("-d", "--home"):
        user = user._replace(home=asked.get("-d", "--home"))
    users.users.pop(user.name)
    renamed = asked.get("-l", "--login") or user.name
    users.users[renamed] = user._replace(name=renamed)
    return Outcome()


def _debian(users: Users, program: str, words: list[str | None], modern: bool) -> Outcome:
    """Debian's adduser and addgroup: long options alone, which may be cut short. `modern`: system accounts have no home."""
    for word in words:
        letter = word[1:2].lower() if word and len(word) == 2 and word[0] == "-" else ""
        if letter in _AMBIGUOUS:
            return Outcome(f"Option {letter} is ambiguous ({_AMBIGUOUS[letter]})")
    asked = _taken(words, _VALUES["debian"])
    if program == "addgroup" or (asked.has("--group") and not asked.has("--system")):
        return _add_group(users, asked)
    name = asked.names[0] if asked.names else None
    if name is None:
        users.doubt = users.doubt or "adduser with a name that is made at run time"
        return Outcome()
    if len(asked.names) > 1:
        return _join(users, name, asked.names[1])
    system = asked.has("--system")
    if name in users.users:
        return Outcome(None if system else f"adduser: The user `{name}' already exists.")
    number = _given(asked, "--uid", "-u")
    if number is None and not asked.has("--uid", "-u"):
        number = _free(users, _FIRST_SYSTEM if system else _FIRST)
    named = asked.get("--ingroup", "--gid")
    if named and users.group(named) is None:
        return Outcome(f"adduser: The group `{named}' does not exist.")
    own = asked.has("--group") or not system
    group = users.group(named) if named else _new_group(users, name, number) if own else users.group("nogroup")
    usual = ("/nonexistent" if modern else None) if system else f"/home/{name}"
    home = asked.get("--home") if asked.has("--home") else usual
    made = not asked.has("--no-create-home") and home not in ("/nonexistent", None)
    return _added(users, name, number, group or name, home, [], made)


def _busybox(users: Users, program: str, asked: Asked) -> Outcome:
    """BusyBox's adduser and addgroup: short options, and `adduser USER GROUP`."""
    if program == "addgroup":
        return _add_group(users, asked)
    name = asked.names[0] if asked.names else None
    if name is None:
        users.doubt = users.doubt or "adduser with a name that is made at run time"
        return Outcome()
    joined = asked.names[1] if len(asked.names) > 1 else None
    if name in users.users:
        return _join(users, name, joined) if len(asked.names) > 1 else Outcome(f"adduser: user '{name}' in use")
    system = asked.has("-S", "--system")
    number = _given(asked, "-u", "--uid")
    if number is None and not asked.has("-u", "--uid"):
        number = _free(users, _FIRST_SYSTEM if system else _FIRST)
    named = asked.get("-G", "--ingroup") or joined
    if named and users.group(named) is None:
        return Outcome(f"adduser: unknown group {named}")
    group = users.group(named) if named else users.group("nogroup") if system else _new_group(users, name, number)
    home = asked.get("-h", "--home") if asked.has("-h", "--home") else f"/home/{name}"
    return _added(users, name, number, group or name, home, [], not asked.has("-H", "--no-create-home"))


def _add_group(users: Users, asked: Asked) -> Outcome:
    name = asked.names[0] if asked.names else None
    if name is None:
        users.doubt = users.doubt or "addgroup with a name that is made at run time"
    elif len(asked.names) > 1:
        return _join(users, name, asked.names[1])
    elif name not in users.groups:
        users.groups[name] = _given(asked, "-g", "--gid")
    return Outcome()


def _join(users: Users, name: str, group: str | None) -> Outcome:
    """Add a user to a group."""
    user, found = users.users.get(name), users.group(group) if group else None
    if user and found:
        users.users[name] = user._replace(groups=user.groups | {found})
    return Outcome()
