"""The store named "tekton": signed payloads as annotations of the run."""

import base64
from collections.abc import Mapping

from chains.errors import EdgeError
from chains.payloads.payload import Origin, SignedPayload, Stored
from chains.runs.marks import PREFIX

# What Kubernetes allows for all annotations of one object, keys and values together.
MOST_BYTES = 256 * 1024


class AnnotationStore:
    """Puts nothing anywhere itself: the annotations it returns travel in the one patch that marks the run."""

    async def put(self, signed: SignedPayload, origin: Origin) -> Stored:
        """Return the four annotations of Tekton Chains; raise EdgeError when no run can hold them."""
        annotations = payload_annotations(signed)
        size = annotation_bytes(annotations)
        if size > MOST_BYTES:
            raise EdgeError(
                f"the store tekton cannot keep this payload on {origin}: its annotations would take {size} bytes, and "
                f"Kubernetes allows an object {MOST_BYTES}; set the storage to oci",
                transient=False,
            )
        return Stored((f"{origin} annotations",), annotations)


def payload_annotations(signed: SignedPayload) -> dict[str, str]:
    """Return what Tekton Chains writes on a run for one signed payload: all four, the last two often empty."""
    short_key = signed.payload.short_key
    return {
        f"{PREFIX}payload-{short_key}": _base64(signed.payload.body),
        f"{PREFIX}signature-{short_key}": _base64(signed.signed_bytes),
        f"{PREFIX}cert-{short_key}": _base64(signed.signature.certificate.encode()),
        f"{PREFIX}chain-{short_key}": _base64(signed.signature.chain.encode()),
    }


def annotation_bytes(annotations: Mapping[str, str]) -> int:
    """Count annotations as Kubernetes does."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
