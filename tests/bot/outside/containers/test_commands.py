"""Commands in sessions of their own: bounded in time and in what is kept of their output."""

import os
import sys
import time

from bot.outside.containers import commands


def python(code: str, seconds: float = 20, feed: bytes | None = None) -> commands.Done:
    return commands.run((sys.executable, "-c", code), os.environ, seconds, feed)


def test_the_code_and_both_outputs_are_told():
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert done.code == 3
    assert sorted(done.output.split()) == ["err", "out"]


def test_only_the_end_of_a_flood_is_kept():
    done = python("import sys\nfor n in range(3000):\n    sys.stdout.write('x' * 4000 + '\\n')\nprint('the end')", 60)
    assert done.code == 0
    assert done.output.endswith("the end\n")
    assert len(done.output) <= 512 * 1024


def test_a_running_flood_is_bounded_too():
    running = commands.Running((sys.executable, "-c", "while True: print('x' * 4000)"), os.environ)
    try:
        time.sleep(1)
        assert 0 < len(running.output()) <= 512 * 1024
        assert len(running._kept) < 3 * 512 * 1024
    finally:
        running.end()


def test_what_takes_too_long_is_ended_with_all_that_it_started():
    code = "import subprocess\nsubprocess.Popen(['sleep', '300'])\nsubprocess.run(['sleep', '300'])"
    began = time.monotonic()
    assert python(code, 0.7).code is None
    assert time.monotonic() - began < 15


def test_a_child_that_keeps_the_pipe_does_not_keep_us():
    began = time.monotonic()
    done = python("import subprocess\nsubprocess.Popen(['sleep', '8'], start_new_session=True)\nprint('done')", 20)
    assert (done.code, done.output) == (0, "done\n")
    assert time.monotonic() - began < 7


def test_standard_input_is_handed_on():
    assert python("import sys; print(sys.stdin.read().upper())", feed=b"abc").output == "ABC\n"


def test_bytes_that_are_no_text_are_marked():
    assert python("import sys; sys.stdout.buffer.write(b'a\\xff')").output == "a\ufffd"
