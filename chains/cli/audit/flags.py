"""The flags of `chains audit`, beside those that it shares with `chains verify`."""

from datetime import UTC, datetime

from chains.audit.judge import Needs
from chains.cli.audit.scope import Scope
from chains.cli.image_flags import Flags
from chains.errors import InputError


class AuditFlags(Flags, frozen=True):
    """What an audit is of, and how its report is written."""

    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    everywhere: bool = False
    kubeconfig: str | None = None
    require: str = "both"
    images_only: bool = False
    concurrency: int = 16
    output: str = "table"
    output_file: str = ""
    moment: str = ""
    evidence: str = ""
    from_evidence: str = ""
    timeout: str = "1m0s"

    @property
    def scope(self) -> Scope:
        """Where to look."""
        return Scope(self.images, self.files, self.repositories, self.namespaces, self.everywhere)

    @property
    def needed(self) -> Needs:
        """What must stand beside an image."""
        return Needs(
            signature=self.require != "attestation",
            attestation=self.require != "signature",
            artifacts=not self.images_only,
        )

    def check(self) -> None:
        """Raise InputError when there is nowhere to look, or evidence and something else."""
        if not self.from_evidence:
            self.scope.check()
        elif self.scope.words or self.evidence:
            raise InputError("--from-evidence judges what the evidence holds: it goes with no other scope")

    def time(self, default: datetime | None = None) -> datetime:
        """Return when the audit is made: now, unless another default is given."""
        if not self.moment:
            return default or datetime.now(UTC)
        try:
            found = datetime.fromisoformat(self.moment)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise InputError(f"--time {self.moment[:40]!r} is no time: write one as 2026-05-01T08:00:00Z") from error
