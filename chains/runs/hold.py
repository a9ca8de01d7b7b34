"""Finalizers: what keeps a run from vanishing before it is signed, by the names that Tekton Chains gave them."""

from datetime import UTC, datetime, timedelta

import msgspec

FINALIZERS = {"TaskRun": "chains.tekton.dev/taskrun", "PipelineRun": "chains.tekton.dev/pipelinerun"}
# The first is what Tekton Chains set before it had one for each kind.
OURS = frozenset(("chains.tekton.dev", *FINALIZERS.values()))


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Every finalizer of a run at one version of it, and since when it is being deleted (RFC 3339, empty when not)."""

    resource_version: str
    finalizers: tuple[str, ...]
    deleted: str

    @property
    def ours(self) -> bool:
        """Whether one of them is ours, or was left by Tekton Chains."""
        return not OURS.isdisjoint(self.finalizers)

    def deleted_for(self, grace: timedelta) -> bool:
        """Whether its deletion began longer ago than that."""
        try:
            return bool(self.deleted) and datetime.now(UTC) - datetime.fromisoformat(self.deleted) > grace
        except (ValueError, TypeError):  # not a time with a zone, which no API server writes
            return False

    def freed(self) -> tuple[str, ...]:
        """Return the others' finalizers, in their order."""
        return tuple(name for name in self.finalizers if name not in OURS)

    def taken(self, kind: str) -> tuple[str, ...]:
        """Return all finalizers with ours for that kind of run among them."""
        return self.finalizers if self.ours else (*self.finalizers, FINALIZERS[kind])
