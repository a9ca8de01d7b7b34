"""What the pages in docs/how-to show, with the dots and example hosts replaced by what a test has."""

import re
import textwrap

from tests.docs.blocks import section
from tests.peers.bench import Bench

_KEY = re.compile(r"^( *)-----BEGIN PUBLIC KEY-----\n *\.\.\.\n *-----END PUBLIC KEY-----\n", re.MULTILINE)


def shown(page: str, heading: str, here: Bench, public_key: bytes = b"") -> str:
    """Return the one block below a heading, for this registry and our key, or another."""
    (block,) = section(f"docs/how-to/{page}.md", heading)
    pem = (public_key or here.signer.public_pem).decode()
    assert _KEY.search(block), f"{page}, {heading}: no place for a key"
    return _KEY.sub(lambda found: textwrap.indent(pem, found[1]), block).replace("registry.example.com", here.address)
