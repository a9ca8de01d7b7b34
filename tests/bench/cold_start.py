"""What starting a command costs in processor time: `python -m tests.bench.cold_start [TIMES]`.

Each command runs as a user's does, in a process of its own. The least of several runs is what the command costs; the
median says how much else the machine had to do.
"""

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from tests.verify.recordings import WORKDIR, recorded_registry

CHAINS = Path(sys.executable).with_name("chains")
KEY = ("--key", "k25/cosign.pub", "--insecure-ignore-tlog")
LOGGED = ("--key", "kx/a.pub", "--offline")


def processor_time(*command: str | Path) -> float:
    """Run a command to its end, and return the milliseconds of processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "SIGSTORE_REKOR_PUBLIC_KEY": "kx/rekor.pub"}
    subprocess.run(command, cwd=WORKDIR, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure(title: str, times: int, *command: str | Path) -> None:
    """Print what one command costs."""
    found = [processor_time(*command) for _ in range(times)]
    print(f"{title:<44} least {min(found):4.0f} ms   median {statistics.median(found):4.0f} ms", flush=True)


def main(times: int) -> None:
    """Measure Python alone, the list of commands, and verifying from a folder and from a registry."""
    with recorded_registry("c25/app", "x/attintoto") as registry:
        image, logged = f"{registry.address}/c25/app:v1", f"{registry.address}/x/attintoto:v1"
        measure("python -c pass", times, sys.executable, "-c", "pass")
        measure("chains --help", times, CHAINS, "--help")
        measure("chains verify --help", times, CHAINS, "verify", "--help")
        measure("chains verify --local-image", times, CHAINS, "verify", "--local-image", *KEY, "save25")
        measure("chains verify, registry", times, CHAINS, "verify", *KEY, image)
        attested = (CHAINS, "verify-attestation", "--type", "slsaprovenance")
        measure("chains verify-attestation, registry", times, *attested, *KEY, image)
        measure("chains verify-attestation, log entry", times, *attested, *LOGGED, logged)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
