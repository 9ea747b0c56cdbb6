"""How much of a visitor's line the element takes."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from browser.host import WEB

MOST_BYTES = 60_000
IMPORT = re.compile(r"""(?:^import|\bfrom)\s*['"](\.{1,2}/[^'"]+)['"]""", re.MULTILINE)


def loaded(path: Path) -> set[Path]:
    """Return the modules a browser fetches for this one: other languages come only when they are asked for."""
    found, new = set(), {path.resolve()}
    while new:
        found |= new
        new = {(at.parent / name).resolve() for at in new for name in IMPORT.findall(at.read_text())} - found
    return found


def test_the_elements_own_script_is_light(record_property):
    paths = loaded(WEB / "define.js") | {WEB / "flash.js"}  # that one comes when the person agrees to coloured light
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in paths}
    record_property("gzip_bytes", sum(sizes.values()))
    assert {"define.js", "face-liveness.js", "machine.js", "en.js"} <= sizes.keys()
    assert "de.js" not in sizes
    assert sum(sizes.values()) <= MOST_BYTES, sorted(sizes.items(), key=lambda item: -item[1])
