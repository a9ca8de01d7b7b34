"""What is remembered, how long, and how much of it."""

from chains.kube.remembered import Remembered


async def test_the_least_recently_used_goes_first():
    recent, asked = Remembered(ttl=60, size=2), []

    async def get(key):
        async def ask():
            asked.append(key)
            return key.upper()

        return await recent.get(key, ask)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert await get(key) == key.upper()
    assert asked == ["a", "b", "c", "b"]
    assert [recent.remembered(key) for key in "abc"] == ["A", "B", None]


async def test_an_answer_of_nothing_is_an_answer():
    recent, asked = Remembered(ttl=60, size=2), []

    async def ask():
        asked.append(1)

    assert await recent.get("a", ask) is None
    assert await recent.get("a", ask) is None
    assert len(asked) == 1
