"""Dockerfiles of every form that BuildKit reads, and its parser as a function."""

from __future__ import annotations

import dockerfile as buildkit  # BuildKit's own parser

from bot.engine.model.dockerfile import Instruction, read
from tests.tools import text

PLAIN = text("""
    # syntax=docker/dockerfile:1
    ARG VERSION=3.12

    FROM --platform=linux/amd64 python:${VERSION}-slim AS base
    ENV A=b C="d e" \\
        F='g h'
    # a comment
    env OLD form of  it
    WORKDIR   /app
    COPY --chown=app:app --link requirements.txt  ./
    RUN --mount=type=cache,target=/root/.cache --network=none \\
        # why
        pip install -r requirements.txt && \\

        echo "a # b" 'c \\
    d'
    COPY ["a b.txt", "c\\u00e9\\n", "/app/"]
    USER app
    EXPOSE 8080 9090/udp
    VOLUME /data /more
    LABEL a=b "c d"="e f"
    STOPSIGNAL SIGTERM
    SHELL ["/bin/bash", "-c"]
    MAINTAINER me and you
    ONBUILD RUN echo later
    HEALTHCHECK --interval=5s CMD curl -f http://localhost/
    ENTRYPOINT ["python", "-m"]
    CMD main
""")
HEREDOCS = text("""
    FROM python
    RUN <<EOF
    set -e
      pip install x # no comment
    # nor this \\
    EOF
    COPY --chmod=644 <<one <<-"t w o" 3<<'three' /etc/
    1 $A
    one
    \ttabs
    \tt w o
    3
    three
    RUN cat <<A > /x && b <<B
    A
    B
    RUN ["sh", "-c", "cat <<EOF"]
    RUN cat<<EOF || echo "<<EOF" '<<EOF' a<<EOF <<<EOF
    ONBUILD COPY <<EOF /x
    y
    EOF
    RUN x <<E"O"F
    EOF
    CMD a <<EOF
""")
BACKTICK = text("""
    # escape=`
    # syntax=x
    FROM windows
    RUN a `
      # comment
      b \\
    COPY --from=x` y C:\\a\\ D:\\
    RUN c ``
    ENV A=b` c
""")
ODD = [
    "from a\nrun b\n",
    "FROM a\nRUN\\\n b\n",
    "FROM a\nRUN b \\  \t\n  c\\\n",
    "FROM a\nRUN b \\\\\nRUN c\n",
    "FROM a\n\\\n  RUN b\n",
    "FROM a\n  \tRUN  \t b  \t\n",
    "FROM a\nRUN b \\\n#c\\\n\n\n\\\nd\n\nCMD e",
    "FROM a\nRUN b \\\n  #c\n",
    "FROM a\nRUN b # c\n",
    "\ufeffFROM a\nRUN b\n",
    "\ufeff# escape=`\nFROM a\nRUN b `\n c",
    "# comment\n# escape=`\nFROM a\nRUN b `\nCMD c",
    "\n# escape=`\nFROM a\nRUN b `\nCMD c",
    "#escape = `  \nFROM a\nRUN b `\n c",
    "FROM a\nRUN b\rc\nCMD d\r\n",
    "FROM a\r\nRUN b \\\r\n  c\r\nRUN <<EOF\r\nx\r\nEOF\r\nCMD d\r\n",
    "FROM a\nRUN b\x0bc\x0cd\nCMD\x0be",
    "FROM a\nRUN b\u2028c\x85d",
    "FROM a\nCOPY b\u00a0c /d",
    "FROM a\nCMD [ ]",
    'FROM a\nCMD [ "b" , "c" ]  ',
    'FROM a\nCMD ["b",]',
    "FROM a\nCMD ['b']",
    'FROM a\nCMD ["b" "c"]',
    'FROM a\nCMD ["b", "\\q"]',
    'FROM a\nCMD ["\\/\\b\\f\\r\\t\\"\\\\", "\\ud83d\\ude00", "é"]',
    'FROM a\nCMD [\\\n"b", \\\n"c"]',
    'FROM a\nCMD\t["b"]',
    "FROM a\nCMD [b] || c",
    "FROM a\nRUN -- b",
    "FROM a\nRUN --b -- --c d",
    'FROM a\nCOPY --x="a b" --y=\'c d\'e --z=f\\ g --q="h\\"i" j k',
    "FROM a\nCOPY --x y --z",
    "FROM a\nRUN --x",
    "FROM a\nRUN --mount=type=cache \\\n  --mount=type=bind \\\n b",
    "FROM a\nRUN - --b",
    "FROM a\nENV b='c\\\n  d' e=f",
    "FROM a\nUNKNOWN b c\n",
    "FROM a\nRUN",
    "FROM a\nRUN <<EOF\nEOF",
    "FROM a\nRUN <<-EOF b\n\t\tEOF\nCMD c",
    "FROM a\nRUN b <<'E F' <<G\nEOF\nE F\nG\nG\nCMD c",
    "FROM a\nRUN <<$X <<${Y} <<\\Z\n$X\n${Y}\nZ\nCMD c",
    "FROM a\nRUN b 'open <<EOF\nCMD c",
    "FROM a\nRUN b $((1<<2)) ${X:-y} $Z <<EOF\nEOF\nCMD c",
    "FROM a\nRUN b ${X <<EOF\nCMD c",
    "FROM a\nRUN b <<EOF \\\n && c\nx\nEOF\nCMD d",
    "FROM a\nADD <<a.txt /b\na\na.txt\n",
    'FROM a\nRUN b <<"" <<-\nCMD c',
]
FILES = [PLAIN, HEREDOCS, BACKTICK, *ODD, PLAIN.replace("\n", "\r\n"), HEREDOCS.replace("\n", "\r\n"), PLAIN.rstrip("\n")]


def parsed(content: str) -> list[buildkit.Command] | str:
    """Return what BuildKit's parser makes of a file, or why it refuses it."""
    try:
        return list(buildkit.parse_string(content))
    except buildkit.GoParseError as error:
        return str(error)


def instruction(content: str) -> Instruction:
    """Return the instruction behind FROM."""
    return read(f"FROM a\n{content}").instructions[1]
