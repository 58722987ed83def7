"""The scalars of TOML: strings, numbers, dates and times, and what go-toml would complain about in them.

The lowest layer of the reader in `toml.py`: a place in the text, what moves it, and the values that stand on one place.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Moment(str):
    """A date or a time, as written."""

    __slots__ = ()


class Problem(NamedTuple):
    """A complaint of the parser: the text that it marks, and its words."""

    start: int
    end: int
    message: str


class Bad(Exception):
    """What ends a statement: the complaint about it."""

    def __init__(self, start: int, end: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(start, end, message)


_PLAIN = {  # what needs no second look, by the quotes around it
    '"': re.compile(r'[^"\\\x00-\x08\x0a-\x1f\x7f]*'),
    "'": re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*"),
    '"""': re.compile(r'(?:[^"\\\x00-\x08\x0b-\x1f\x7f]|\r\n)*'),
    "'''": re.compile(r"(?:[^'\x00-\x08\x0b-\x1f\x7f]|\r\n)*"),
}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")
_FOLDED = re.compile(r"\\[ \t]*\r?\n(?:[ \t\n]|\r\n)*")
_DIGITS = {"": re.compile("[0-9]*"), "x": re.compile("[0-9A-Fa-f]*"), "o": re.compile("[0-7]*"), "b": re.compile("[01]*")}
_RADIX = {"": "decimal", "x": "hexadecimal", "o": "octal", "b": "binary"}
_MOMENT = re.compile(r"(?=[0-9]{2}:|[0-9]{4}-)(?:[0-9:+.TtZz-]| (?=[0-9]))+")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")


def named(character: str) -> str:
    """Return a character as Go's `%#U` shows it; go-toml takes the first byte of what is not ASCII."""
    code = character.encode("utf-8", "surrogatepass")[0]
    return f"U+{code:04X} '{chr(code)}'" if chr(code).isprintable() else f"U+{code:04X}"


class Scalars:
    """Reads scalars at `at`; `impossible` collects the values that are well written and can't be converted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.impossible: list[Problem] = []

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind what a pattern matches here."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def bad(self, message: str) -> Bad:
        """Return a complaint about the next character; at the end of the text about the last one."""
        start = min(self.at, len(self.text) - 1)
        return Bad(start, start + 1, message)

    def scalar(self) -> str | int | float:
        """Read what stands at `at`; a `Moment` for a date or a time."""
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            return self._block_string(first * 3) if self.text.startswith(first * 3, self.at) else self.line_string(first)
        if not first:
            raise self.bad("expected value, not end of input")
        for word, constant in (("true", True), ("false", False), ("inf", float("inf")), ("nan", float("nan"))):
            if first == word[0]:
                if not self.text.startswith(word, self.at):
                    raise self.bad(f'expected keyword "{word}"')
                self.at += len(word)
                return constant
        if _MOMENT.match(self.text, self.at):
            return self._moment()
        if first not in "+-0123456789":
            raise self.bad(f"unexpected character {named(first)} at start of value")
        return self._number()

    def _number(self) -> int | float:
        start, text = self.at, self.text
        signed = text[start] in "+-"
        self.at += signed
        following = text[self.at : self.at + 1]
        if not following:
            raise Bad(start, start + 1, "expected number after sign")
        if following in "in":
            word = "inf" if following == "i" else "nan"
            if not text.startswith(word, self.at):
                raise self.bad(f'expected "{word}"')
            self.at += len(word)
            return float(text[start : self.at])
        if following not in "0123456789":
            raise self.bad(f"expected digit but got {named(following)}")
        letter = text[self.at + 1 : self.at + 2] if following == "0" else ""
        if letter and letter in "xob":
            if signed:
                raise Bad(start, start + 2, "sign is not allowed on numbers with a radix prefix")
            self.at += 2
            if not self._digits(letter):
                raise Bad(start, start + 2, "radix prefix must be followed by at least one digit")
            return self._integer(start, letter)
        if self._digits("") > 1 and following == "0":
            raise Bad(start + signed, start + signed + 2, "integers cannot have leading zeroes")
        end = self.at
        if text.startswith(".", self.at):
            self.at += 1
            if not self._digits(""):
                raise self.bad("decimal point must be followed by a digit")
        if text[self.at : self.at + 1] in ("e", "E"):
            self.at += 2 if text[self.at + 1 : self.at + 2] in ("+", "-") else 1
            if not self._digits(""):
                raise self.bad("exponent must contain at least one digit")
        following = text[self.at : self.at + 1]
        if following.isascii() and following.isalpha():
            raise self.bad("strings must be quoted")
        return self._integer(start, "") if self.at == end else self._real(start)

    def _digits(self, radix: str) -> int:
        """Skip digits with underscores between them; return how many characters that were."""
        start, text = self.at, self.text
        while True:
            before = self.at
            self.skip(_DIGITS[radix])
            if self.at == before and before > start:
                raise Bad(before - 1, before + 1, "number must have at least one digit between underscores")
            if self.at == start or not text.startswith("_", self.at):
                return self.at - start
            self.at += 1

    def _integer(self, start: int, radix: str) -> int:
        digits = self.text[start : self.at].replace("_", "")
        value = int(digits, 0 if radix else 10) if radix or len(digits) < 100 else 2**63  # Python refuses thousands of digits
        if not -(2**63) <= value < 2**63:
            words = f"{_RADIX[radix]} number is too large to fit in a 64-bit signed integer"
            self.impossible.append(Problem(start, self.at, words))
        return value

    def _real(self, start: int) -> float:
        digits = self.text[start : self.at].replace("_", "")
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            words = f'unable to parse float: strconv.ParseFloat: parsing "{digits}": value out of range'
            self.impossible.append(Problem(start, self.at, words))
        return value

    def _moment(self) -> Moment:
        start = self.at
        self.skip(_MOMENT)
        written = self.text[start : self.at]
        dated = written[4:5] == "-"
        date = _DATE.fullmatch(written[:10])
        time = _TIME.fullmatch(written[11:] if dated else written)
        limits: list[tuple[int, int, int, str]] = []  # where two digits stand, their least and greatest value, the words
        if dated and (not date or written[10:11] not in ("", "T", "t", " ")):
            self.impossible.append(Problem(start, self.at, "dates are expected to have the format YYYY-MM-DD"))
        elif date:
            limits += [(5, 1, 12, "impossible date"), (8, 1, _days(int(date[1]), int(date[2])), "impossible date")]
        if len(written) > 10 or not dated:
            at = 11 if dated else 0
            if not time or (time[4] and not dated):
                words = "times are expected to have the format HH:MM[:SS[.NNNNNN]]"
                self.impossible.append(Problem(min(start + at, len(self.text) - 1), self.at, words))
            else:
                limits += [(at, 0, 23, "hour cannot be greater 23"), (at + 3, 0, 59, "minutes cannot be greater 59")]
                limits += [(at + 6, 0, 59, "seconds cannot be greater than 59")] if time[3] else []
        for at, least, greatest, words in limits:
            if not least <= int(written[at : at + 2]) <= greatest:
                self.impossible.append(Problem(start + at, start + at + 2, words))
        return Moment(written)

    def line_string(self, quote: str) -> str:
        """Read a string on one line, which is a quoted key too."""
        kind = "basic" if quote == '"' else "literal"
        self.at += 1
        value = ""
        while True:
            start = self.at
            self.skip(_PLAIN[quote])
            value += self.text[start : self.at]
            character = self.text[self.at : self.at + 1]
            if character == quote:
                self.at += 1
                return value
            if not character:
                raise self.bad(f"unterminated {kind} string")
            if character != "\\":
                what = "new lines" if character in "\r\n" else "control characters"
                raise self.bad(f"{kind} strings cannot have {what}")
            value += self._escape()

    def _block_string(self, quotes: str) -> str:
        kind = "basic" if quotes == '"""' else "literal"
        self.at += 3
        ending = "\r\n" if self.text.startswith("\r\n", self.at) else "\n"
        self.at += len(ending) if self.text.startswith(ending, self.at) else 0
        value = ""
        while True:
            start = self.at
            self.skip(_PLAIN[quotes])
            value += self.text[start : self.at].replace("\r\n", "\n")
            character = self.text[self.at : self.at + 1]
            if character == quotes[0]:
                end = self.at
                while self.text.startswith(character, end):
                    end += 1
                count = end - self.at
                if count > 5:
                    raise self.bad(f"too many quotes at the end of a multiline {kind} string")
                value += character * (count if count < 3 else count - 3)
                self.at = end
                if count > 2:
                    return value
            elif not character:
                raise self.bad(f"multiline {kind} string not terminated by {quotes}")
            elif character == "\r":
                raise self.bad("carriage returns must be followed by a newline character")
            elif character != "\\":
                raise self.bad(f"multiline {kind} strings cannot have control characters")
            elif _FOLDED.match(self.text, self.at):
                self.skip(_FOLDED)
            else:
                value += self._escape()

    def _escape(self) -> str:
        """Read the escape sequence whose backslash stands at `self.at`."""
        start = self.at
        letter = self.text[start + 1 : start + 2]
        if not letter:
            raise self.bad("need a character after \\")
        if letter in _ESCAPES:
            self.at += 2
            return _ESCAPES[letter]
        if letter not in _WIDTHS:
            raise Bad(start, start + 2, f"invalid escape character {named(letter)}")
        self.at += 2 + _WIDTHS[letter]
        digits = self.text[start + 2 : self.at]
        wrong = _NOT_HEX.search(digits)
        if self.at > len(self.text):
            raise Bad(start, len(self.text), "unicode escape sequence is too short")
        if wrong:
            at = start + 2 + wrong.start()
            raise Bad(at, at + 1, "invalid hexadecimal digit in unicode escape sequence")
        number = int(digits, 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise Bad(start, self.at, "escape sequence is not a valid unicode code point")
        return chr(number)


def _days(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
