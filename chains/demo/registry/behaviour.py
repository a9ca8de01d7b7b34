"""Where registries may differ, one switch each."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the registry behaves where the distribution specification leaves a choice, or real registries take one.

    The defaults follow distribution-spec 1.1; `DISTRIBUTION_2_8` is what the registry of that name does,
    `GO_CONTAINERREGISTRY` how that one lists referrers.
    """

    referrers: bool = True
    """Serve the referrers API; without it the route is unknown and `subject` is not acknowledged."""
    referrers_page: int = 0
    """Descriptors on one page of referrers; 0 answers them all at once."""
    typed_by_config: bool = False
    """Say that a referrer is of its config's type, whatever `artifactType` its manifest names, and name no subject."""
    single_post: bool = False
    """Take a blob in one POST with `?digest=`; else the body is ignored and an upload opened."""
    ordered_chunks: bool = True
    """Refuse a chunk whose Content-Range does not begin where the upload stands; else the header is not read."""
    paged_tags: bool = True
    """Obey `n` and `last` when listing tags."""
    named_refusals: bool = True
    """Refuse malformed names, tags and sizes with the specification's codes; else as a page that is not there."""
    any_accept: bool = False
    """Answer a manifest whatever the Accept header says; else its media type must be listed, wildcards not counting."""
    deletes: bool = True
    delete_tags: bool = True
    """Let a tag be deleted by its name; else only a digest can be."""
    manifest_limit: int = 4 * MIB
    blob_limit: int = 1024 * MIB
    catalog_limit: int = 1000
    """The longest page of the catalog that may be asked for."""


GO_CONTAINERREGISTRY = Behaviour(typed_by_config=True)
DISTRIBUTION_2_8 = Behaviour(
    referrers=False, ordered_chunks=False, paged_tags=False, named_refusals=False, delete_tags=False
)
