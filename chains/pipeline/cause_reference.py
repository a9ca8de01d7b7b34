"""The reference of every cause, written from their tables."""

from chains.pipeline.host_causes import OF_THE_ANSWER, OF_THE_WAY
from chains.pipeline.run_causes import OF_THE_RUN

PARTS = (
    ("What the run, its plan and the settings say", OF_THE_RUN),
    ("On the way to a registry, the log or the Kubernetes API", OF_THE_WAY),
    ("What they answer, and what keeps the service from asking", OF_THE_ANSWER),
)
_OPENING = """# Why a run is not signed

`chains explain` finds the cause and says what helps; `chains doctor` does so for an installation. This is every cause
they know, as `make docs` writes it from the program. `RUN` stands for the run, as in `taskrun/NAME -n NAMESPACE`, and
`KIND` for `taskrun` or `pipelinerun`.
"""


def write_causes_reference() -> str:
    """Return the reference as Markdown."""
    text = _OPENING
    for heading, causes in PARTS:
        text += f"\n## {heading}\n\n| cause | what helps |\n|---|---|\n"
        text += "".join(f"| {cause.name} | {cause.helps or 'what the message says'} |\n" for cause in causes)
    return text
