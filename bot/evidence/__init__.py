"""What a real log holds: its lines without wrapping, its tracebacks, the first cause, and what the repository says to it.

Pure, like the engine: the bytes of a log go in. Nothing of a log is believed: lines are cut to a length, escape sequences
and control characters go, and whatever is shown of it has passed `redaction`.
"""
