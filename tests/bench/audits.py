"""`python -m tests.bench.audits`: how long it takes to audit many images, and to verify one with many layers."""

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chains.artifacts.reference import ImageReference
from chains.payloads.payload import SIMPLE_SIGNING
from chains.registry.client import RegistryClient
from chains.registry.cosign_layout import OCI_MANIFEST, SIGNATURE_KEY
from tests.bench.stages import embedded
from tests.peers.bench import NOBODY, Bench

IMAGES, LAYERS = 100, 1000
AT_ONCE = 32
IGNORED = "--insecure-ignore-tlog"


async def sign_images(here: Bench, count: int) -> list[ImageReference]:
    """Push and sign so many images, in ten repositories."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> ImageReference:
        async with free:
            image = await here.push(f"team/app-{number % 10}", f"seed {number}", f"v{number}")
            await here.sign(image, f"build-{number}")
            return image

    return list(await asyncio.gather(*map(one, range(count))))


async def pile_up(here: Bench, count: int) -> ImageReference:
    """Push an image with so many signatures, each of a payload of its own."""
    image = await here.push("team/pile", "pile")
    layers = []
    for number in range(count):
        critical = {"identity": {"docker-reference": str(image.repository)}, "type": "cosign container image signature"}
        critical["image"] = {"docker-manifest-digest": str(image.digest)}
        body = json.dumps({"critical": critical, "optional": {"number": str(number)}}).encode()
        signature = base64.b64encode((await here.signer.sign(body)).raw).decode()
        await here.client.put_blob(image.repository, body, NOBODY)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        annotations = {SIGNATURE_KEY: signature}
        layers.append({"mediaType": SIMPLE_SIGNING, "size": len(body), "digest": digest, "annotations": annotations})
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": layers[0], "layers": layers}
    tag = f"sha256-{image.digest.hex}.sig"
    await here.client.put_manifest(image.repository, tag, json.dumps(manifest).encode(), OCI_MANIFEST, NOBODY)
    return image


def timed(*arguments: str | Path) -> float:
    """Run a command of ours as a user does and return how long it took, in seconds."""
    began = time.perf_counter()
    told = [sys.executable, "-m", "chains", *map(str, arguments)]
    subprocess.run(told, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


async def main() -> None:
    """Print a line for each figure."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with embedded(folder, 0.0) as servers, RegistryClient() as client:
            here = Bench(servers.registry, client, folder)
            listed = folder / "images.txt"
            listed.write_text("\n".join(map(str, await sign_images(here, IMAGES))))
            key = ("--key", here.public_key, IGNORED)
            for form in ("table", "html"):
                taken = await asyncio.to_thread(timed, "audit", *key, "--images", listed, "-o", form)
                print(f"audit of {IMAGES} images as {form}: {taken:.2f} s", flush=True)
            image = await pile_up(here, LAYERS)
            taken = await asyncio.to_thread(timed, "verify", *key, str(image))
            print(f"verify of one image with {LAYERS} layers: {taken:.2f} s", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
