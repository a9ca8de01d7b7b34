"""The independent checker: it knows what was applied, what is stored and what must hold, and nothing of our code."""

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults.dump import Dump, Tag
from tests.faults.invariants import Findings, Foreign, Layer, OurKey, RunExpected

SIGNED = "chains.tekton.dev/signed"
REASON = "chains.tekton.dev/reason"
_OURS = ("chains.tekton.dev", "chains.tekton.dev/taskrun", "chains.tekton.dev/pipelinerun")


@dataclass
class Checker:
    """Holds a dump against the runs that were applied, the keys in use and what others stored.

    `midway` is for a world at work: what is not there yet is no fault, but what a mark promises must be there.
    """

    dump: Dump
    expected: Iterable[RunExpected]
    keys: tuple[OurKey, ...]
    foreign: Foreign = field(default_factory=Foreign)
    midway: bool = False
    held_for: float = 60.0

    def findings(self) -> Findings:
        """Return every violation found."""
        found = Findings()
        layers = [layer for tag in self.dump.tags for layer in self._layers(tag, found)]
        for tag in self.dump.tags:
            self._check_image(tag, found)
        self._check_twins(layers, found)
        self._check_meaning(layers, found)
        for run in self.expected:
            self._check_run(run, layers, found)
        self._check_foreign(found)
        return found

    def _layers(self, tag: Tag, found: Findings) -> Iterator[Layer]:
        """Yield our layers of a tag; what verifies under no key of ours and is nobody else's is wrong."""
        for descriptor in tag.manifest["layers"]:
            digest, annotations = descriptor["digest"], descriptor.get("annotations") or {}
            body = self.dump.blobs.get(digest, b"")
            if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
                found.wrong.append(f"{tag} has a layer {digest} whose blob is missing or other bytes")
                continue
            if digest in self.foreign.layers.get(str(tag), ()):
                continue
            layer = read_layer(tag, body, annotations, self.keys)
            if layer is None:
                found.wrong.append(f"{tag} has a layer {digest} that no key of ours has signed")
            else:
                yield layer

    def _check_image(self, tag: Tag, found: Findings) -> None:
        layers = [layer["digest"] for layer in tag.manifest["layers"]]
        try:
            config = json.loads(self.dump.blobs[tag.manifest["config"]["digest"]])
            counted = config["rootfs"]["diff_ids"]
        except (KeyError, TypeError, ValueError):
            found.wrong.append(f"{tag} has no config that counts its layers")
            return
        if counted != layers:
            found.wrong.append(f"{tag} has {len(layers)} layers and a config that counts {len(counted)} or others")
        written = Counter(json.dumps(layer, sort_keys=True) for layer in tag.manifest["layers"])
        found.doubled += [f"{tag} has {count} equal layers" for count in written.values() if count > 1]

    def _check_twins(self, layers: list[Layer], found: Findings) -> None:
        """One signature for each tag, key and payload; one attestation of a run for each tag."""
        for (tag, _, key), count in Counter((x.tag, x.payload, x.key) for x in layers).items():
            if count > 1:
                found.doubled.append(f"{tag} has {count} signatures of one payload by {key}")
        for (tag, payload), keys in _grouped(layers).items():
            if len(keys) > 1:
                found.doubled.append(f"{tag} has one payload of {len(payload)} bytes signed by {len(keys)} keys")
        for (tag, mark), count in Counter((x.tag, x.mark) for x in layers if x.mark).items():
            if count > 1:
                found.doubled.append(f"{tag} has {count} attestations of the run {mark}")

    def _check_meaning(self, layers: list[Layer], found: Findings) -> None:
        by_name = {run.name: run for run in self.expected}
        everything = {digest for run in self.expected for digest in run.digests}
        for layer in layers:
            run = by_name.get(layer.mark)
            if layer.digest not in layer.subjects:
                found.wrong.append(f"{layer.tag} holds a payload about other digests: {sorted(layer.subjects)}")
            if layer.is_attestation and run is None:
                found.wrong.append(f"{layer.tag} attests the run {layer.mark!r}, which nobody applied")
            allowed = everything if run is None else run.digests
            if layer.subjects - set(allowed):
                found.wrong.append(f"{layer.tag} names digests that were not built: {sorted(layer.subjects)}")

    def _check_run(self, run: RunExpected, layers: list[Layer], found: Findings) -> None:
        stored = self.dump.runs.get((run.kind, run.name))
        if stored is None:
            if not run.deleted:
                found.lost.append(f"{run} has vanished from the API")
            missing = [] if self.midway else list(missing_of(run, layers))
            found.lost += [f"{run} was deleted and has no {what}" for what in missing]
            return
        self._check_deletable(run, stored["metadata"], found)
        mark = (stored["metadata"].get("annotations") or {}).get(SIGNED)
        if mark == "true":
            said = found.wrong if self.midway else found.lost
            said += [f"{run} is marked signed and has no {what}" for what in missing_of(run, layers)]
        elif mark == "failed" and not run.refused:
            why = stored["metadata"]["annotations"].get(REASON, "no reason")
            found.lost.append(f"{run} was given up: {why}")
        elif mark is None and not self.midway:
            found.stuck.append(f"{run} is not settled")
        self._check_kept(run, stored["metadata"], found)

    def _check_deletable(self, run: RunExpected, metadata: dict[str, Any], found: Findings) -> None:
        since = metadata.get("deletionTimestamp")
        held = [name for name in metadata.get("finalizers") or () if name in _OURS]
        if not since or not held:
            return
        seconds = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds()
        if not self.midway and seconds > self.held_for:
            found.stuck.append(f"{run} cannot be deleted for {seconds:.0f} s")

    def _check_kept(self, run: RunExpected, metadata: dict[str, Any], found: Findings) -> None:
        annotations = metadata.get("annotations") or {}
        found.wrong += [f"{run} lost its annotation {n}" for n, v in run.annotations.items() if annotations.get(n) != v]
        left = tuple(name for name in metadata.get("finalizers") or () if name not in _OURS)
        if left != run.finalizers:
            found.wrong.append(f"{run} had the finalizers {run.finalizers} of others and has {left}")

    def _check_foreign(self, found: Findings) -> None:
        by_name = {str(tag): [layer["digest"] for layer in tag.manifest["layers"]] for tag in self.dump.tags}
        for tag, theirs in self.foreign.layers.items():
            there = [digest for digest in by_name.get(tag, ()) if digest in theirs]
            if missing := [digest for digest in theirs if digest not in there]:
                found.lost.append(f"{tag} lost {len(missing)} layers of others")
            elif there != list(theirs):
                found.wrong.append(f"{tag} has the layers of others in another order")


def missing_of(run: RunExpected, layers: list[Layer]) -> Iterator[str]:
    """Name what should be stored for a run and is not."""
    for digest in run.digests:
        if not any(x.digest == digest and not x.is_attestation for x in layers):
            yield f"signature of {digest[:19]}"
        if not any(x.digest == digest and x.mark == run.name for x in layers):
            yield f"attestation for {digest[:19]}"


def read_layer(tag: Tag, body: bytes, annotations: dict[str, str], keys: tuple[OurKey, ...]) -> Layer | None:
    """Return what a layer says if one of the keys has signed it, None when none has."""
    try:
        return (_attestation if tag.name.endswith(".att") else _signature)(tag, body, annotations, keys)
    except (binascii.Error, KeyError, TypeError, ValueError):
        return None


def _signature(tag: Tag, body: bytes, annotations: dict[str, str], keys: tuple[OurKey, ...]) -> Layer | None:
    raw = base64.b64decode(annotations["dev.cosignproject.cosign/signature"], validate=True)
    signer = next((key for key in keys if key.has_signed(body, raw)), None)
    if signer is None:
        return None
    digest = json.loads(body)["critical"]["image"]["docker-manifest-digest"]
    return Layer(str(tag), _subject(tag), body, signer.name, frozenset({digest}))


def _attestation(tag: Tag, body: bytes, _: dict[str, str], keys: tuple[OurKey, ...]) -> Layer | None:
    envelope = json.loads(body)
    payload, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
    [signature] = envelope["signatures"]
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    raw = base64.b64decode(signature["sig"], validate=True)
    signer = next((key for key in keys if key.has_signed(message, raw)), None)
    if signer is None:
        return None
    statement = json.loads(payload)
    subjects = frozenset(f"sha256:{one['digest']['sha256']}" for one in statement["subject"])
    return Layer(str(tag), _subject(tag), payload, signer.name, subjects, _mark(statement["predicate"]), True)


def _mark(predicate: dict[str, Any]) -> str:
    """Return what the run's distinguishing parameter says, as SLSA v0.2 or v1.0 has it."""
    if "invocation" in predicate:
        return str(predicate["invocation"]["parameters"]["fault-mark"])
    given = predicate["buildDefinition"]["externalParameters"]["runSpec"]["params"]
    return str(next(one["value"] for one in given if one["name"] == "fault-mark"))


def _subject(tag: Tag) -> str:
    return tag.name.rpartition(".")[0].replace("-", ":", 1)


def _grouped(layers: list[Layer]) -> dict[tuple[str, bytes], set[str]]:
    grouped: dict[tuple[str, bytes], set[str]] = {}
    for layer in layers:
        grouped.setdefault((layer.tag, layer.payload), set()).add(layer.key)
    return grouped
