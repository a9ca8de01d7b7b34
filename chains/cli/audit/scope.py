"""What an audit looks at: images by name, repositories with all their tags, and the runs of a cluster."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass

import msgspec

from chains.artifacts.image_name import ImageName
from chains.artifacts.reference import Repository
from chains.audit.claims import claim_of_run
from chains.audit.verdict import Entry, RunClaim, Verdict
from chains.cli.image_list import list_text
from chains.cli.persistence import persistently
from chains.cli.registry_images import RegistryImages
from chains.cli.terminal import printable
from chains.errors import ChainsError, EdgeError, InputError
from chains.kube.client import KubeClient
from chains.kube.held_payloads import held_payloads
from chains.kube.resources import RUNS
from chains.kube.wire import Page
from chains.registry.tag_lists import is_of_an_image, list_tags
from chains.runs.glance import glance
from chains.runs.run import KINDS, parse_run
from chains.runs.sighting import RunKey

# What is told of each run that was read: its key, and its bytes.
SawRun = Callable[[RunKey, bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """An image that is to be looked at, and the run that says it built it, if one does."""

    name: ImageName
    run: RunClaim | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader of the report must know of its scope."""

    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look; without a namespace `everywhere` is every namespace."""

    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    everywhere: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The scope as people read it."""
        named = (
            *(f"image {name}" for name in self.images),
            *(f"images in {'standard input' if name == '-' else name}" for name in self.files),
            *(f"repository {name}" for name in self.repositories),
            *(f"namespace {name}" for name in self.namespaces),
        )
        return tuple(map(printable, (*named, "every namespace") if self.everywhere else named))

    def check(self) -> None:
        """Raise InputError when there is nowhere to look."""
        if not self.words:
            raise InputError(
                "there is nothing to audit: name images, or give --images FILE, --repository R, --namespace NS "
                "or --all-namespaces"
            )


def named_images(scope: Scope) -> Iterator[Target | Entry]:
    """Yield the images of the command line and of files; raise InputError when a file cannot be read."""
    yield from map(_named, scope.images)
    for file in scope.files:
        lines = [line.partition(" #")[0].strip() for line in list_text(file).splitlines()]
        names = [line for line in lines if line and not line.startswith("#")]
        if not names:
            yield Entry(printable(file), Verdict.UNKNOWN, ("it names no image",))
        yield from map(_named, names)


def trusted_names(scope: Scope, named: Iterable[Target | Entry]) -> tuple[str, ...]:
    """Return the names whose registries may be shown the credentials of the command line: never those of runs."""
    texts = [one.name.text for one in named if isinstance(one, Target)]
    for text in scope.repositories:
        with suppress(InputError):
            texts.append(f"{Repository.parse(text)}:latest")
    return tuple(texts)


async def tagged_images(
    scope: Scope, source: RegistryImages, prefix: str, seconds: float
) -> AsyncIterator[Target | Entry | Note]:
    """Yield every tag of the repositories that is of an image, and what was left out.

    A repository whose tags cannot be listed within so many seconds is an entry.
    """
    for text in scope.repositories:
        try:
            tags = await _tags(source, Repository.parse(text), seconds)
        except ChainsError as error:
            yield Entry(printable(text), Verdict.UNKNOWN, (str(error),))
            continue
        names = [f"{text}:{tag}" for tag in tags if is_of_an_image(tag, prefix)]
        if left_out := len(tags) - len(names):
            yield Note(printable(_left_out(text, left_out)))
        if not names:
            yield Entry(text, Verdict.UNKNOWN, ("it has no tag of an image",))
        for name in names:
            yield _named(name)


async def _tags(source: RegistryImages, repository: Repository, seconds: float) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(seconds):
            return await persistently(lambda: list_tags(source.client, repository, source.keychain), seconds)
    except TimeoutError as error:
        late = f"its tags could not be listed within {seconds:.0f} s; --timeout gives them longer"
        raise EdgeError(late, transient=True) from error


def _left_out(repository: str, count: int) -> str:
    tags = "tag is" if count == 1 else "tags are"
    return (
        f"{count} {tags} left out of {repository}: sha256-DIGEST with .sig, .att, .sbom or nothing stand beside images"
    )


async def claimed_images(
    scope: Scope, kubeconfig: str | None, seconds: float, saw: SawRun
) -> AsyncIterator[RunClaim | Entry]:
    """Yield what the runs of the cluster claim; `saw` is told of each.

    What cannot be read, or of which a page does not come within so many seconds, is an entry.
    """
    places: list[str | None] = [None] if scope.everywhere else list(scope.namespaces)
    if not places:
        return
    client = await KubeClient.connect(kubeconfig)
    try:
        for namespace in places:
            count = 0
            async for found in _runs(client, namespace, seconds, saw):
                count += 1
                yield found
            if not count:
                where = f"namespace {namespace}" if namespace else "the cluster"
                yield Entry(where, Verdict.UNKNOWN, ("it has no run",))
    finally:
        await client.close()


async def _runs(
    client: KubeClient, namespace: str | None, seconds: float, saw: SawRun
) -> AsyncIterator[RunClaim | Entry]:
    for kind in KINDS:
        try:
            async with aclosing(client.list_pages(RUNS[kind], namespace)) as pages:
                while page := await _next(pages, seconds):
                    for item in page.items:
                        yield _claim(kind, item, saw)
        except ChainsError as error:
            yield Entry(f"{kind}s of {namespace or 'the cluster'}", Verdict.UNKNOWN, (str(error),))


async def _next(pages: AsyncIterator[Page], seconds: float) -> Page | None:
    try:
        async with asyncio.timeout(seconds):
            return await anext(pages, None)
    except TimeoutError as error:
        late = f"they could not be listed within {seconds:.0f} s; --timeout gives them longer"
        raise EdgeError(late, transient=True) from error


def _claim(kind: str, item: msgspec.Raw, saw: SawRun) -> RunClaim | Entry:
    try:
        text = bytes(item)
        claim = read_claim(text)
        saw(claim.key, text)
    except InputError as error:
        return Entry(_name_of(kind, item), Verdict.UNKNOWN, (str(error),))
    return claim


def read_claim(text: bytes) -> RunClaim:
    """Read what a run claims; raise InputError for what is no run."""
    run = parse_run(text)
    return claim_of_run(run, held_payloads(run.annotations))


def _name_of(kind: str, item: msgspec.Raw) -> str:
    try:
        return str(glance(kind, item).key)
    except InputError:
        return f"a {kind} that cannot be read"


def _named(text: str) -> Target | Entry:
    try:
        return Target(ImageName.parse(text))
    except InputError as error:
        return Entry(printable(text), Verdict.UNKNOWN, (str(error),))
