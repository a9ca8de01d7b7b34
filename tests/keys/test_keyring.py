"""The ring follows its secret: one load per version, and no key rather than a stale one."""

import asyncio
import threading
from collections.abc import Mapping

import pytest

from chains.errors import EdgeError
from chains.keys.keyring import Keyring
from chains.keys.secret import signer_from_secret
from chains.keys.signer import KeySigner
from tests.keys.builders import Secret, cheap_key, plain_key


class CountingLoad:
    """Loads secrets, and remembers how often and on which threads."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self, files: Mapping[str, bytes]) -> KeySigner:
        self.threads.append(threading.get_ident())
        return signer_from_secret(files)

    @property
    def times(self) -> int:
        return len(self.threads)


def refusal(ring: Keyring) -> str:
    with pytest.raises(EdgeError) as error:
        ring.current()
    assert error.value.transient
    return str(error.value)


def test_a_ring_that_was_never_read_has_no_key() -> None:
    ring = Keyring(Secret({"x509.pem": plain_key()}))
    assert not ring.state.ready
    assert refusal(ring) == "there is no key to sign with: the secret of this test has not been read yet"


async def test_a_version_is_loaded_once_and_off_the_event_loop() -> None:
    load = CountingLoad()
    ring = Keyring(Secret({"cosign.key": cheap_key(), "cosign.password": b"pw"}), load)
    first = await ring.refresh()
    assert first is not None
    assert (first.ready, first.key_id, first.problem) == (True, ring.current().key_id, "")
    assert [await ring.refresh() for _ in range(3)] == [None, None, None]
    assert load.times == 1
    assert threading.get_ident() not in load.threads


async def test_a_rotated_secret_changes_the_key() -> None:
    secret = Secret({"x509.pem": plain_key()})
    ring = Keyring(secret)
    await ring.refresh()
    old = ring.current()
    secret.files["x509.pem"] = plain_key()
    change = await ring.refresh()
    assert change is not None
    assert change.key_id == ring.current().key_id != old.key_id
    assert (await old.sign(b"begun before")).key_id == old.key_id


async def test_a_key_of_another_kind_takes_over() -> None:
    secret = Secret({"cosign.key": cheap_key(), "cosign.password": b"pw"})
    ring = Keyring(secret)
    await ring.refresh()
    secret.files["x509.pem"] = plain_key()
    assert await ring.refresh() is not None
    del secret.files["x509.pem"]
    change = await ring.refresh()
    assert change is not None
    assert change.key_id == "SHA256:bSg+Gqm434K6mqip3ZIWDt7Mb86PPGvEXhhbgS8/0jU"


async def test_a_key_that_is_taken_out_leaves_the_ring_without_one() -> None:
    secret = Secret({"x509.pem": plain_key()})
    ring = Keyring(secret)
    await ring.refresh()
    secret.files.clear()
    change = await ring.refresh()
    assert change is not None
    assert (change.ready, change.key_id) == (False, "")
    assert "the secret of this test: there is no key: put x509.pem" in refusal(ring)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({"x509.pem": b"garbage"}, "x509.pem: this is no PEM file"),
        ({"x509.pem": plain_key()[:100]}, "x509.pem: the PEM block is cut short"),
        (
            {"cosign.key": cheap_key(), "cosign.password": b"wrong"},
            "cosign.key: the password from cosign.password does not open the key",
        ),
        ({"cosign.key": cheap_key()}, "cosign.key: cosign.password is missing"),
    ],
    ids=["garbage", "half-written", "wrong password", "password missing"],
)
async def test_a_broken_version_is_loaded_once_and_a_repaired_one_signs_again(
    broken: dict[str, bytes], complaint: str
) -> None:
    load, good = CountingLoad(), {"x509.pem": plain_key()}
    secret = Secret(good)
    ring = Keyring(secret, load)
    await ring.refresh()
    key_id = ring.current().key_id
    secret.files = broken
    change = await ring.refresh()
    assert change is not None
    assert complaint in change.problem
    assert complaint in refusal(ring)
    assert await ring.refresh() is None
    assert load.times == 2
    secret.files = good
    assert await ring.refresh() is not None
    assert ring.current().key_id == key_id


async def test_a_source_out_of_reach_leaves_the_key_in_force_and_says_so_once() -> None:
    load = CountingLoad()
    secret = Secret({"x509.pem": plain_key()})
    ring = Keyring(secret, load)
    await ring.refresh()
    key_id = ring.current().key_id
    secret.trouble = EdgeError("the API server does not answer", transient=True)
    change = await ring.refresh()
    assert change is not None
    assert (change.ready, change.key_id, change.problem) == (True, key_id, "the API server does not answer")
    assert await ring.refresh() is None
    secret.trouble = None
    back = await ring.refresh()
    assert back is not None
    assert (back.key_id, back.problem) == (key_id, "")
    assert load.times == 1


async def test_a_source_that_was_never_reached_gives_its_reason() -> None:
    secret = Secret({"x509.pem": plain_key()})
    secret.trouble = EdgeError("the API server does not answer", transient=True)
    ring = Keyring(secret)
    await ring.refresh()
    assert refusal(ring) == "there is no key to sign with: the API server does not answer"


async def test_a_secret_that_is_gone_takes_its_key_with_it_until_it_is_back() -> None:
    secret = Secret({"x509.pem": plain_key()})
    ring = Keyring(secret)
    await ring.refresh()
    key_id = ring.current().key_id
    secret.trouble = EdgeError("there is no Secret tekton-chains/signing-secrets", transient=False)
    await ring.refresh()
    assert "there is no Secret tekton-chains/signing-secrets" in refusal(ring)
    secret.trouble = None
    await ring.refresh()
    assert ring.current().key_id == key_id


async def test_a_broken_version_stays_broken_after_an_outage_without_another_load() -> None:
    load = CountingLoad()
    secret = Secret({"x509.pem": b"garbage"})
    ring = Keyring(secret, load)
    await ring.refresh()
    secret.trouble = EdgeError("the API server does not answer", transient=True)
    await ring.refresh()
    secret.trouble = None
    await ring.refresh()
    assert "x509.pem: this is no PEM file" in refusal(ring)
    assert load.times == 1


async def test_the_event_loop_runs_on_while_a_key_is_loaded() -> None:
    started, finish = threading.Event(), threading.Event()

    def slow_load(files: Mapping[str, bytes]) -> KeySigner:
        started.set()
        assert finish.wait(30), "the event loop stood still"
        return signer_from_secret(files)

    secret = Secret({"x509.pem": plain_key()})
    ring = Keyring(secret)
    await ring.refresh()
    old = ring.current().key_id
    slow = Keyring(secret, slow_load)
    refresh = asyncio.create_task(slow.refresh())
    assert await asyncio.to_thread(started.wait, 30)
    assert "has not been read yet" in refusal(slow)
    finish.set()
    change = await refresh
    assert change is not None
    assert change.key_id == old


async def test_refreshes_at_the_same_time_load_once() -> None:
    load = CountingLoad()
    ring = Keyring(Secret({"cosign.key": cheap_key(), "cosign.password": b"pw"}), load)
    changes = await asyncio.gather(*(ring.refresh() for _ in range(5)))
    assert load.times == 1
    assert [change is None for change in changes] == [False, True, True, True, True]


async def test_files_that_only_swap_bytes_across_their_border_are_another_version() -> None:
    load = CountingLoad()
    secret = Secret({"cosign.key": b"ab", "cosign.password": b"c"})
    ring = Keyring(secret, load)
    await ring.refresh()
    secret.files = {"cosign.key": b"a", "cosign.password": b"bc"}
    await ring.refresh()
    assert load.times == 2
