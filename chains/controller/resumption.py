"""What the service had stored shortly before it was stopped or killed is signed again, to be looked at once more."""

from datetime import timedelta

from chains.controller.ports import Cluster
from chains.controller.turn import End, Turn, gather_children
from chains.errors import EdgeError, InputError
from chains.payloads.payload import Stored
from chains.pipeline.children import with_children
from chains.pipeline.parts import Parts
from chains.pipeline.plan import plan_run
from chains.pipeline.sign import Receipt, fingerprint, log_again, sign_request
from chains.runs.run import Run, parse_run
from chains.runs.sighting import RunKey
from chains.runs.stamp import stamp_in

# A service that stands still for longer has lost more than this can mend.
LATELY = timedelta(minutes=10)


async def sign_again(key: RunKey, cluster: Cluster, parts: Parts | None) -> Turn:
    """Return receipts for what the registry has of a run, as if stored just now; nothing is stored or marked.

    There are none where the configuration, the key or the children have changed since: that would be other bytes.
    """
    if parts is None:
        return Turn(key, End.BLOCKED, "there is no configuration")
    try:
        text = await cluster.read(key)
        if text is None:
            return Turn(key, End.GONE)
        return await _sign_again(key, parse_run(text), cluster, parts)
    except InputError as error:
        return Turn(key, End.LEFT, str(error))
    except EdgeError as error:
        return Turn(key, End.RETRY, str(error), error.retry_after)


async def _sign_again(key: RunKey, run: Run, cluster: Cluster, parts: Parts) -> Turn:
    stamp = stamp_in(run.annotations)
    plan = plan_run(run, parts.config, await gather_children(key, run, cluster))
    plan, unread = await with_children(plan, parts.indexes)
    if unread:
        raise unread[0].failures[0].error
    requests = [request for request in plan.requests if "oci" in request.stores]
    try:
        signers = {request.signer: parts.signers[request.signer]() for request in requests}
    except EdgeError as error:
        return Turn(key, End.BLOCKED, str(error))
    signed = [await sign_request(request, signers[request.signer]) for request in requests]
    if stamp is None or stamp.fingerprint != fingerprint(signed):
        return Turn(key, End.LEFT, "what was stored for it lately cannot be made again: something changed since")
    made = [
        (request, await log_again(request, one, parts.transparency))
        for request, one in zip(requests, signed, strict=True)
    ]
    receipts = tuple(Receipt(request, plan.origin, one, {"oci": Stored(())}) for request, one in made)
    return Turn(key, End.RESUMED, receipts=receipts)
