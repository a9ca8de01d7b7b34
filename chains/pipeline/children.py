"""Images for each platform: what a signed image lists, if it is an index, is signed as well."""

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace

from chains.artifacts.reference import Digest, ImageReference
from chains.errors import ChainsError, InputError
from chains.payloads.payload import Origin
from chains.pipeline.plan import Plan, SigningRequest, plan_children
from chains.pipeline.ports import Indexes
from chains.pipeline.sign import Failure, Receipt

AT_ONCE = 8
MOST_CHILDREN = 2048
TOO_MANY = (
    f"the indexes of this run list more than {MOST_CHILDREN} images, and no more are signed: "
    "build fewer in one run, or set artifacts.oci.sign-children to false"
)


Lists = MutableMapping[ImageReference, tuple[Digest, ...]]


async def with_children(
    plan: Plan, indexes: Indexes | None, known: Lists | None = None
) -> tuple[Plan, tuple[Receipt, ...]]:
    """Return the plan with a signature for each image that those to be signed list.

    Where a registry cannot tell what one lists, the plan goes without, and there is a receipt of the failure. Without
    `indexes` nothing is asked and nothing added. What is `known` from an earlier attempt is not read again, and what is
    read now is added to it.
    """
    if indexes is None:
        return plan, ()
    images = dict.fromkeys(request.image.reference for request in plan.requests if request.image is not None)
    named = [image for image in images if image is not None]
    listed = await _listed(named, plan.origin, indexes, {} if known is None else known)
    requests, unread = [*plan.requests], list[Receipt]()
    for request in plan.requests:
        image = None if request.image is None else request.image.reference
        children = () if image is None else listed[image]
        if isinstance(children, ChainsError):
            unread.append(Receipt(request, plan.origin, None, failures=(Failure("oci", children),)))
        else:
            requests.extend(plan_children(request, children))
    return replace(plan, requests=_once(requests)), tuple(unread)


async def _listed(
    images: Sequence[ImageReference], origin: Origin, indexes: Indexes, known: Lists
) -> Mapping[ImageReference, tuple[Digest, ...] | ChainsError]:
    free, left = asyncio.Semaphore(AT_ONCE), MOST_CHILDREN

    async def children(image: ImageReference) -> tuple[Digest, ...] | ChainsError:
        nonlocal left
        if image not in known:
            async with free:
                try:
                    known[image] = await indexes.children(image, origin)
                except ChainsError as error:
                    return error
        found = known[image]
        left -= len(found)
        return found if left >= 0 else InputError(f"{image}: {TOO_MANY}")

    return dict(zip(images, await asyncio.gather(*map(children, images)), strict=True))


def _once(requests: list[SigningRequest]) -> tuple[SigningRequest, ...]:
    """Leave out what is planned before: a run may name a child itself, and two indexes may list the same."""
    first: dict[tuple[bytes, tuple[ImageReference, ...]], SigningRequest] = {}
    for request in requests:
        first.setdefault((request.payload.body, request.payload.images), request)
    return tuple(first.values())
