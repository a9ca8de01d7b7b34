"""What runs and registries say that leads to forbidden places: no connection there is ever tried."""

from pathlib import Path

from chains.demo.faults import Fault
from chains.demo.registry.lies import Lies
from tests.faults.front import Front
from tests.faults.invariants import Findings
from tests.faults.runs import taskrun
from tests.faults.scene import Scene, scene
from tests.faults.survival import Outcome, Scenario, outcome

DIGEST = "sha256:" + "c3" * 32
# Hosts of registries to which no connection may be made.
FORBIDDEN = (
    "169.254.169.254",
    "169.254.169.254:80",
    "169.254.170.2:8080",
    "[fe80::1]:5000",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "0.0.0.0:5000",
    "0:5000",
    "[::]:5000",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.43518",
    "metadata",
    "metadata.google.internal",
    "metadata.google.internal.",
    "METADATA.google.internal",
    "metadata.goog",
    "instance-data.ec2.internal",
)
# References that name no image, or hide where they lead.
CROOKED = (
    "user:word@registry.invalid/team/app",
    "http://169.254.169.254/team/app",
    "registry.invalid/../../team/app",
    "registry.invalid/team/%2e%2e/app",
    "registry.invalid:0/team/app",
    "registry.invalid:65536/team/app",
    "registry.invalid/team/app?x=1",
    "registry.invalid/team/app#x",
    "registry.invalid\\@169.254.169.254/team/app",
    "registry.invalid/team/app\r\nX-Header: 1",
    "docker://registry.invalid/team/app",
    "r\u00e9gistry.invalid/team/app",
    "[::1%25eth0]:5000/team/app",
    "x" * 10_000 + ".invalid/team/app",
    " ",
    "",
)
CROOKED_DIGESTS = (
    "sha256:",
    "sha256:" + "C3" * 32,
    "sha256:" + "c3" * 31,
    "md5:" + "c3" * 16,
    DIGEST + "\x00",
    "latest",
)
LED_TO = ("http://169.254.169.254", "https://169.254.169.254", "https://metadata.google.internal", "http://[fe80::1]")


async def hostile_references(folder: Path) -> Outcome:
    """Results name images in places that nobody may be sent to, or in no place at all."""
    places = [f"{host}/team/app@{DIGEST}" for host in FORBIDDEN] + [f"{name}@{DIGEST}" for name in CROOKED]
    places += [f"127.0.0.1:9/team/app@{digest}" for digest in CROOKED_DIGESTS]
    async with scene(folder) as here:
        for number, place in enumerate(places):
            found = taskrun(f"hostile-{number}", ())
            name, _, digest = place.rpartition("@")
            told = {"IMAGE_URL": name, "IMAGE_DIGEST": digest}
            found["status"]["results"] = [{"name": n, "type": "string", "value": v} for n, v in told.items()]
            await here.apply(found, (), refused=True)
        await here.builds(3)
        return await _watched(here, len(places))


async def led_elsewhere(folder: Path) -> Outcome:
    """Redirects of blobs, Locations of uploads and realms of tokens lead to forbidden places."""
    total = Outcome(0, Findings(), 0.0)
    for number, origin in enumerate(LED_TO):
        async with scene(folder / str(number)) as here:
            realm = {"WWW-Authenticate": f'Bearer realm="{origin}/token",service="x"'}
            ways = {
                "blobs": lambda here, origin=origin: setattr(here.registry, "lies", Lies(blobs_at=origin)),
                "uploads": lambda here, origin=origin: setattr(here.registry, "lies", Lies(uploads_at=origin)),
                "realm": lambda here, realm=realm: here.registry.faults.add(Fault(status=401, headers=realm)),
                "moved": lambda here, origin=origin: here.registry.faults.add(
                    Fault(path="/v2/", status=307, headers={"Location": f"{origin}/v2/"})
                ),
            }
            for way, lead in ways.items():
                images = (here.image(f"team/{way}", way),)
                await here.signed_by_others(images[0])
                lead(here)
                await here.apply(taskrun(way, images), images, refused=True)
                one = await _watched(here, 1, f"{way} to {origin}")
                total.findings.add(one.findings)
                total = Outcome(total.tries + 1, total.findings, max(total.recovery, one.recovery))
                here.registry.lies = None
                here.registry.faults.clear()
    return total


async def _watched(here: Scene, tries: int, where: str = "") -> Outcome:
    """Let a controller work whose every connection is noted; only the fronts may be among them."""
    notes = here.folder / f"connections-{len(here.controllers)}"
    controller = here.controller(connections=notes)
    await controller.start()
    await here.settled(15.0)
    await controller.terminate()
    here.registry.lies = None
    here.registry.faults.clear()
    found = await outcome(here, tries, wait=0.1)
    lines = _lines(notes)
    if f"socket.connect ('127.0.0.1', {_port(here.door)})" not in lines:
        found.findings.wrong.append(f"{where}: no connection to the registry was noted, so nothing was watched")
    found.findings.wrong += [f"{where}: {line}" for line in lines if _is_astray(line, here)]
    # Who is sent nowhere may wait for ever; everybody else is signed.
    refused = [f"{run} " for run in here.expected.values() if run.refused]
    found.findings.stuck[:] = [said for said in found.findings.stuck if not said.startswith(tuple(refused))]
    return found


def _is_astray(line: str, here: Scene) -> bool:
    """Whether a note tells of a connection to anything but the fronts, or of looking up a forbidden name."""
    event, _, wanted = line.partition(" ")
    if event == "socket.connect":
        return wanted not in [f"('127.0.0.1', {_port(front)})" for front in (here.api, here.door)]
    return any(host.rstrip(".").lower() in wanted.lower() for host in FORBIDDEN if not host.startswith("0"))


def _port(front: Front) -> str:
    return front.address.rpartition(":")[2]


def _lines(path: Path) -> list[str]:
    return list(dict.fromkeys(path.read_text().splitlines()))


SCENARIOS: dict[str, Scenario] = {
    "hostile: references to forbidden or crooked places": hostile_references,
    "hostile: redirects, upload Locations and realms to forbidden places": led_elsewhere,
}
