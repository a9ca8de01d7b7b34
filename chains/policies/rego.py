"""Rego policies as cosign asks them: `data.signature.allow` must be true of the statement."""

from collections.abc import Sequence
from pathlib import Path

from regopy import Interpreter, LogLevel, RegoError

from chains.errors import InputError, VerificationError
from chains.policies.files import read_text
from chains.policies.statement import unambiguous

QUERY = "data.signature.allow"


class RegoPolicy:
    """All Rego files of one command, asked together."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._modules = [(str(path), read_text(path)) for path in paths]

    def check(self, statement: bytes) -> None:
        """Raise VerificationError unless the answer is exactly true, InputError when a policy cannot be run."""
        text = unambiguous(statement)
        interpreter = Interpreter()
        interpreter.log_level = LogLevel.NONE
        try:
            for name, module in self._modules:
                interpreter.add_module(name, module)
            interpreter.set_input_term(text)
            # Bound to a name, since an expression that is false would count as undefined.
            answer = interpreter.query(f"answer = {QUERY}")
        except RegoError as error:
            raise InputError(f"the Rego policy cannot be run: {' '.join(str(error).split())[:300]}") from error
        if not answer.ok():
            raise InputError(f"the Rego policy cannot be run: {' '.join(str(answer).split())[:300]}")
        said = [result.bindings["answer"] for result in answer.results if "answer" in result.bindings]
        if not said:
            raise VerificationError(f"result is undefined for query '{QUERY}'")
        if len(said) != 1 or said[0] is not True:
            raise VerificationError(f"expression value, {str(said[0]).lower()[:120]}, is not true")
