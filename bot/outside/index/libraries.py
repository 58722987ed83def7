"""Which shared libraries an ELF binary asks the loader for (its DT_NEEDED entries)."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # 64-bit, little-endian: x86-64, which Fly and Render build for
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRINGS = 1, 5


def needed(data: bytes) -> list[str]:
    """Return the names of the libraries that a binary needs, in its order; empty for what is no 64-bit ELF file."""
    try:
        return _needed(data)
    except (struct.error, ValueError):
        return []


def _needed(data: bytes) -> list[str]:
    if data[:6] != b"\x7fELF\x02\x01":
        return []
    header = _HEADER.unpack_from(data)
    offset, size, count = header[5], header[9], header[10]
    segments = [_SEGMENT.unpack_from(data, offset + number * size) for number in range(count)]
    loaded = [(segment[3], segment[2], segment[5]) for segment in segments if segment[0] == _LOAD]
    entries: list[tuple[int, int]] = []
    for segment in segments:
        if segment[0] == _DYNAMIC:
            entries = list(_ENTRY.iter_unpack(data[segment[2] : segment[2] + segment[5] // _ENTRY.size * _ENTRY.size]))
    address = next((value for tag, value in entries if tag == _STRINGS), None)
    if address is None:
        return []
    table = next((at + address - start for start, at, length in loaded if start <= address < start + length), None)
    if table is None:
        return []
    found = []
    for tag, value in entries:
        if tag == _NEEDED:
            end = data.index(b"\0", table + value)
            found.append(data[table + value : end].decode("ascii", "replace"))
    return found
