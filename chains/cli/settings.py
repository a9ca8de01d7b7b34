"""The option `--set KEY=VALUE`: a configuration from the command line."""

from pathlib import Path

from chains.cli.terminal import say
from chains.config.config import Config, read_config
from chains.errors import InputError


def config_from(settings: tuple[str, ...]) -> Config:
    """Read `KEY=VALUE` settings as `chains-config` would be; raise InputError for any that is not accepted."""
    entries: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write KEY=VALUE, as in --set artifacts.taskrun.format=slsa/v1")
        entries[name] = value
    reading = read_config(entries)
    if reading.problems or reading.unknown:
        raise InputError("; ".join((*reading.problems, *reading.unknown)))
    for sentence in (*reading.impossible, *reading.unbuilt):
        say(f"note: {sentence}", err=True)
    return reading.config


def ca_files_from(given: tuple[str, ...]) -> dict[str, Path]:
    """Read `HOST[:PORT]=FILE` options; raise InputError for one that is not of that form or whose file is not there."""
    files: dict[str, Path] = {}
    for option in given:
        host, equals, path = option.partition("=")
        if not equals or not host or not Path(path).is_file():
            raise InputError(f"--registry-ca {option}: write HOST=FILE with a file that exists, in PEM")
        files[host] = Path(path)
    return files
