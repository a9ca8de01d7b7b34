"""The reference of every key, as Markdown."""

from chains.config.keys import KEYS, Key

_HEAD = """# Configuration

<!-- Generated from the table of keys by `make docs`; edit chains/config/keys.py instead. -->

The service reads the ConfigMap `chains-config` in its own namespace and follows it: a change applies to the next run,
without a restart. A value that is not accepted leaves the last good configuration in force, and the log says which key
it was, why, and what it takes. A key that is not in this table has no effect, and the log names it with the nearest one
that has.

Where the last column says *later*, the key is known and checked, and what it asks for is not built yet. At start the
log names each such key that is set. Where nothing may be signed without it (certificates, a store),
the configuration is refused instead.

| key | default | takes | what it does | built |
|---|---|---|---|---|
"""


def write_reference() -> str:
    """Return the whole document."""
    return _HEAD + "".join(_row(key) for key in KEYS)


def _row(key: Key) -> str:
    default = f"`{key.default}`" if key.default else "empty"
    return f"| `{key.name}` | {default} | {key.check.accepts} | {key.meaning} | {_built(key)} |\n"


def _built(key: Key) -> str:
    if not key.built:
        return "later"
    if not key.check.unbuilt:
        return "yes"
    return "yes; later: " + ", ".join(f"`{choice}`" for choice in sorted(key.check.unbuilt))
