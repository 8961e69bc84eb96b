"""Tools that judge what `deploy/` holds. Where one is absent its tests are skipped, loudly; in CI they fail instead.

Deliberately absent: installing anything; `tests/run` does that.
"""

import os
import shutil

import pytest


def need(name: str, remedy: str) -> str:
    """Where the tool is. `remedy` says what to install."""
    found = shutil.which(name)
    if found:
        return found
    words = f"{name} is missing: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
