"""Registry credentials from the run's service account, end to end."""

import base64
import json
from pathlib import Path

from chains.controller.turn import End
from chains.demo.registry.access import Account, Passwords
from chains.runs.marks import SIGNED
from tests.world.builders import NAMESPACE, Here, inhabited

ACCOUNT = Account("right", access={"team/*": {"pull", "push"}})


async def give_credentials(here: Here, password: str, *, under: str = "secrets") -> None:
    auths = {here.world.registry.address: {"username": "ci", "password": password}}
    document = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    metadata = {"name": "push", "namespace": NAMESPACE}
    await here.world.kubernetes.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": document},
        }
    )
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}
    await here.world.kubernetes.apply(account | {under: [{"name": "push"}]})


async def test_the_service_accounts_secret_opens_the_registry(tmp_path: Path) -> None:
    for under in ("secrets", "imagePullSecrets"):
        folder = tmp_path / under
        folder.mkdir()
        async with inhabited(folder) as here:
            here.world.registry.gate = Passwords({"ci": ACCOUNT})
            await give_credentials(here, "right", under=under)
            await here.apply_build("one")
            await here.until(End.SIGNED)


async def test_a_mended_secret_is_seen_as_soon_as_it_is_needed(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as here:
        here.world.registry.gate = Passwords({"ci": ACCOUNT})
        await give_credentials(here, "wrong")
        await here.apply_build("one")
        failed = await here.until(End.FAILED)
        assert "service account builds/default" in failed.sentence
        assert "wrong" not in json.dumps(here.annotations("one"))
        await give_credentials(here, "right")
        await here.apply_build("two")
        await here.until(End.SIGNED)
        assert here.annotations("one")[SIGNED] == "failed"
