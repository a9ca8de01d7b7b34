"""The profile that the properties here run under."""

from hypothesis import settings

_CHOSEN = settings.get_current_profile_name()
# What hypothesis loads by itself, on a laptop and in CI, is a default for those who chose nothing.
examples = settings.get_profile("few" if _CHOSEN in ("default", "ci") else _CHOSEN)
