"""What a Lease must be: its times to the microsecond, its numbers in range."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chains.demo.kubernetes.objects import Object
from chains.demo.kubernetes.status import Cause, bad_request

_TIMES = ("acquireTime", "renewTime")
_TEXTS = ("holderIdentity", "preferredHolder", "strategy")
_COUNTS = {
    "leaseDurationSeconds": (1, "must be greater than 0"),
    "leaseTransitions": (0, "must be greater than or equal to 0"),
}
_MICRO_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}(Z|[-+][0-9]{2}:[0-9]{2})", re.ASCII
)


def prepare_lease(new: Object, _: Object | None) -> None:
    """Write times as the API does, drop what is null, and raise a BadRequest for what is of another type."""
    spec = new.get("spec") or {}
    if not isinstance(spec, dict):
        raise bad_request("Lease cannot be handled: spec must be an object")
    new["spec"] = spec = {field: value for field, value in spec.items() if value is not None}
    for field in _TEXTS:
        if not isinstance(spec.get(field, ""), str):
            raise bad_request(f"Lease cannot be handled: spec.{field} must be a string")
    for field in _COUNTS:
        if type(spec.get(field, 0)) is not int:
            raise bad_request(f"Lease cannot be handled: spec.{field} must be a whole number")
    for field in _TIMES:
        if field in spec:
            spec[field] = _micro_time(field, spec[field])


def lease_rules(new: Object, _: Object | None) -> Iterator[Cause]:
    """Yield the numbers that are out of range."""
    for field, (least, why) in _COUNTS.items():
        value = new["spec"].get(field, least)
        if value < least:
            yield Cause("FieldValueInvalid", f"Invalid value: {value}: {why}", f"spec.{field}")


def _micro_time(field: str, given: object) -> str:
    if not isinstance(given, str) or not _MICRO_TIME.fullmatch(given):
        raise bad_request(f"Lease cannot be handled: spec.{field} is no time to the microsecond: {given!r}")
    try:
        moment = datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_request(f"Lease cannot be handled: spec.{field}: {error}") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
