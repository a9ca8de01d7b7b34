"""CEL policies: an expression over `statement`, `subject`, `predicateType` and `predicate` that must be true."""

from pathlib import Path

import cel
import msgspec

from chains.errors import InputError, VerificationError
from chains.policies.files import read_text
from chains.policies.statement import unambiguous


class CelPolicy:
    """One file with one expression."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._program = cel.compile(read_text(path))
        except ValueError as error:
            raise InputError(f"the CEL policy {path} cannot be read: {' '.join(str(error).split())[:300]}") from error

    def check(self, statement: bytes) -> None:
        """Raise VerificationError unless the answer is exactly true."""
        try:
            decoded = msgspec.json.decode(unambiguous(statement), type=dict[str, object])
            names = {name: decoded.get(name) for name in ("subject", "predicateType", "predicate")}
            answer = self._program.execute({"statement": decoded, **names})
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"the statement is no JSON object: {error}") from error
        except (ValueError, TypeError, RuntimeError, KeyError, OverflowError) as error:
            sentence = f"the CEL policy {self._path} has no answer: {' '.join(str(error).split())[:300]}"
            raise VerificationError(sentence) from error
        if answer is not True:
            raise VerificationError(f"the CEL policy {self._path} answers {str(answer)[:120]}, not true")
