"""The live parts that one accepted configuration calls for, swapped as a whole when it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chains.config.config import Config
from chains.pipeline.ports import Indexes, Signer, Store, TransparencyLog


@dataclass(frozen=True, slots=True)
class Transparency:
    """The log that signed payloads go into: before they are stored, or (`deferred`) once they are."""

    log: TransparencyLog
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """A configuration with its signers and stores by name, and what an operator should know of it (`notices`).

    A signer is asked for once per run, so that all of one run's artifacts are signed by one key; asking raises a
    transient EdgeError while there is no usable key. `indexes` is there where images for each platform are signed too.
    """

    config: Config
    signers: Mapping[str, Callable[[], Signer]]
    stores: Mapping[str, Store]
    notices: tuple[str, ...] = ()
    transparency: Transparency | None = None
    indexes: Indexes | None = None
