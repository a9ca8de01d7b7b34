"""Pieces of JSON, well-formed and not, that hostile runs are made of."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tests.builders import DIGEST, OTHER_DIGEST

RAW = msgspec.Raw

# Each is one JSON value, or what somebody might take for one.
NUMBERS = [b"0", b"-0", b"5", b"1.5", b"9007199254740993", b"9223372036854775808", b"-9223372036854775809", b"1" * 400]
STRANGE = [b"1e400", b"-1e400", b"1e-400", b"1E5", b"5.0", b"true", b"false", b"null", b"{}", b"[]", b"[[[[]]]]"]
NO_JSON = [b"NaN", b"Infinity", b"-", b"01", b"tru", b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\udc00x"']
NO_JSON += [b'"\x01"', b'"\\q"', b'"', b""]
DEEP = [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 900 + b"]" * 900]

HOSTILE = [RAW(text) for text in (*NUMBERS, *STRANGE)]
BROKEN = [RAW(text) for text in (*NO_JSON * 6, *DEEP)]
WORDS = ["", "a", "build", "unnamed-0", "é", "\u2028", "<&>", "\n", "\x00\x1b[31m", " x ", "x" * 300]
WORDS += ["$(tasks.clone.results.b)", "$(finally.build.results.b[*])"]

GOOD_IMAGES = ["reg.io/team/app", "reg.io/team/app:v1\n", "busybox", "docker.io/library/bash", "localhost:5000/a/b"]
IMAGES = [*GOOD_IMAGES, "oci://reg.io/ab", "https://x.io/f.tgz", "reg.io:5000/x/yy:v1", "reg.io/Ab", "reg.io/../etc"]
IMAGES += ["user:pw@reg.io/ab", f"reg.io/ab@{DIGEST}", "[::1]:5000/ab", "git+https://x.io/rr", "pkg:pypi/zz", "tool"]

GOOD_DIGESTS = [DIGEST, OTHER_DIGEST]
DIGESTS = [*GOOD_DIGESTS, f"{DIGEST}\n", f"SHA256:{'a1' * 32}", f"sha512:{'c3' * 64}", f"sha1:{'d4' * 20}", "sha256:a1"]
DIGESTS += [f"md5:{'a' * 32}", f"sha256:{'A1' * 32}", f"sha256:{chr(0x661) * 64}", "latest"]


def twice(members: Mapping[str, Any], again: Mapping[str, Any]) -> msgspec.Raw:
    """An object that has members of two; those that are in both it has twice."""
    first, second = (msgspec.json.encode(part)[1:-1] for part in (members, again))
    return RAW(b"{" + b",".join(part for part in (first, second) if part) + b"}")
