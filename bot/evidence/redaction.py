"""Keeps secrets out of whatever is shown of a log: passwords in URLs, tokens by their form, values by their name."""

from __future__ import annotations

import re

HIDDEN = "•••"

_NAMED = (
    r"[A-Za-z0-9_.-]{0,60}(?:secret|token|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key"
    r"|encryption[_-]?key|credentials?|cookie|signature|authorization|client[_-]?key|dsn)[A-Za-z0-9_-]{0,40}"
)
# what every name above holds; to look for these first is a tenth of the work on a log that holds none
_HINTS = ("secret", "token", "passw", "passphrase", "pwd", "key", "credent", "cookie", "nature", "author", "dsn")
_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,30}://)([^\s:/@'\"<>]{0,200}):([^\s'\"<>]+)@")
_FORMS = re.compile(
    r"\beyJ[A-Za-z0-9_-]{6,2000}\.[A-Za-z0-9_-]{4,2000}(?:\.[A-Za-z0-9_-]{0,2000})?"  # JWT
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[\w-]{15,80})"
    r"|\b(?:sk|rk|pk)[-_](?:live_|test_|proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{16,255}"
    r"|\bwhsec_[A-Za-z0-9+/=]{12,100}|\bxox[abeprs]-[A-Za-z0-9-]{10,255}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bAIza[\w-]{30,60}|\bya29\.[\w-]{20,500}|\bSG\.[\w-]{16,60}\.[\w-]{16,80}|\bhf_[A-Za-z0-9]{20,80}|\brnd_[A-Za-z0-9]{16,80}"
    r"|\b(?:fm[12][ar]?_|fo1_)[A-Za-z0-9+/=_-]{16,4000}|\bnpm_[A-Za-z0-9]{30,60}|\bpypi-[A-Za-z0-9_-]{40,400}"
    r"|\b\d{8,11}:AA[A-Za-z0-9_-]{30,40}|\bdop_v1_[0-9a-f]{60,70}|\bre_[A-Za-z0-9]{8,20}_[A-Za-z0-9]{16,40}"
)
_BEARER = re.compile(r"\b(Bearer|Basic|FlyV1|Token) +([A-Za-z0-9+/=._,~-]{8,4000})")
_QUOTED = re.compile(rf"""(["'])({_NAMED})\1(\s{{0,3}}[:=]\s{{0,3}})(["'])([^"']{{1,2000}})\4""", re.IGNORECASE)
_ASSIGNED = re.compile(rf"""\b({_NAMED})(\s{{0,2}}=\s{{0,2}})(["']?)([^\s"',;&)\]}}]+)""", re.IGNORECASE)
_HEADER = re.compile(rf"""\b({_NAMED})(: {{0,3}})(?=[^\s]{{0,200}}\d)([^\s"',;]{{6,}})""", re.IGNORECASE)
_COOKIES = re.compile(r"\b((?:set-)?cookie|authorization|x-api-key)(: ?)(\S.*)", re.IGNORECASE)
_INPUT = re.compile(r"\b(input_value=)('[^']{1,500}'?|\"[^\"]{1,500}\"?)")
_SET = re.compile(r"\bsecrets (?:set|import|stage)\b")
_PAIR = re.compile(r"\b([A-Za-z_][A-Za-z0-9_]{0,80})=(\"[^\"]{0,2000}\"?|'[^']{0,2000}'?|\S+)")
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,4000}")
_BASE64 = re.compile(r"^\s{0,80}[A-Za-z0-9+/]{60,76}={0,2}\s{0,80}$")


def redact(text: str) -> str:
    """Return a line in which nothing stands that looks like a secret; a second time changes nothing."""
    if _BASE64.match(text):  # a line of a key
        return HIDDEN
    text = _KEY_BLOCK.sub(f"-----BEGIN PRIVATE KEY----- {HIDDEN}", text)
    text = _URL.sub(rf"\1\2:{HIDDEN}@", text)
    text = _FORMS.sub(HIDDEN, text)
    folded = text.casefold()
    named = any(hint in folded for hint in _HINTS)
    if named:
        text = _COOKIES.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    if named:
        text = _QUOTED.sub(rf"\1\2\1\3\4{HIDDEN}\4", text)
    if _SET.search(text):
        text = _PAIR.sub(rf"\1={HIDDEN}", text)
    if named:
        text = _ASSIGNED.sub(rf"\1\2\3{HIDDEN}", text)
        text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    return _INPUT.sub(rf"\1'{HIDDEN}'", text)
