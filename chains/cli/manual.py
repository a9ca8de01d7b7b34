"""The manual pages of every command, in roff, read off the commands themselves."""

from collections.abc import Iterator

import click

from chains.cli.reference import documented, paragraphs, shown_default

_ENVIRONMENT = {
    "COSIGN_PASSWORD": "The password of a private key; where it is not set, it is asked for.",
    "SIGSTORE_REKOR_PUBLIC_KEY": "A file with the public keys of transparency logs, or the word sigstore.",
    "TUF_ROOT": "The folder that initialize keeps trusted roots in.",
    "COSIGN_REPOSITORY": "The one repository that holds everything beside images.",
    "KUBECONFIG": "How to reach a cluster, for k8s:// and k8s-cm://.",
    "DOCKER_CONFIG": "The folder of config.json, whose credentials open registries.",
}


def write_manual(root: click.Command) -> dict[str, str]:
    """Return each page by its file's name; hidden commands and flags are left out."""
    with click.Context(root, info_name="chains") as ctx:
        found = list(documented(root, ctx))
        names = [below.command_path for _, below in found]
        pages = {f"{_dashed(below.command_path)}.1": _page(command, below, names) for command, below in found}
        return {"chains.1": _front(root, found), **pages}


def _front(root: click.Command, found: list[tuple[click.Command, click.Context]]) -> str:
    lines = [*_head("chains", root), ".SH SYNOPSIS", ".B chains", ".I COMMAND", "[\\fIARGUMENT\\fR]...", ".SH COMMANDS"]
    for command, below in found:
        lines += [".TP", f"\\fB{_escaped(below.command_path)}\\fR", _line(paragraphs(command)[0])]
    lines += [".SH ENVIRONMENT"]
    for name, text in _ENVIRONMENT.items():
        lines += [".TP", f".B {name}", _line(text)]
    return _joined(lines, [below.command_path for _, below in found])


def _page(command: click.Command, ctx: click.Context, names: list[str]) -> str:
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [*_head(ctx.command_path, command), ".SH SYNOPSIS", f".B {_escaped(ctx.command_path)}", _line(usage)]
    lines.append(".SH DESCRIPTION")
    for paragraph in paragraphs(command):
        lines += [".PP", _line(paragraph)]
    options = [option for line in command.get_params(ctx) for option in _option(line)]
    if options:
        lines += [".SH OPTIONS", *options]
    family = ctx.command_path.rpartition(" ")[0]
    return _joined(lines, [name for name in names if name.startswith(family) and name != ctx.command_path])


def _head(path: str, command: click.Command) -> list[str]:
    name = _dashed(path)
    first = paragraphs(command)[0].rstrip(".")
    return [
        '.\\" Generated from the commands by `make docs`.',
        f'.TH {_escaped(name.upper())} 1 "" chains "User Commands"',
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(first[:1].lower() + first[1:])}",
    ]


def _option(found: click.Parameter) -> Iterator[str]:
    """Yield the lines of a flag, none for an argument and for what is hidden."""
    if not isinstance(found, click.Option) or found.hidden or "--help" in found.opts:
        return
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in (*found.opts, *found.secondary_opts))
    yield ".TP"
    yield f"{names} \\fI{_escaped(found.metavar)}\\fR" if found.metavar else names
    yield _line(f"{found.help or ''}{shown_default(found)}".strip() or "No more to say.")


def _joined(lines: list[str], others: list[str]) -> str:
    pages = ["chains", *others[:40]] if others else ["chains"]
    also = [f".BR {_escaped(_dashed(name))} (1){',' if name != pages[-1] else ''}" for name in pages]
    return "\n".join([*lines, ".SH SEE ALSO", *also, ""])


def _dashed(path: str) -> str:
    return path.replace(" ", "-")


def _line(text: str) -> str:
    """Return a line of text, which must not look like a request."""
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")
