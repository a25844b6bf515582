"""The words of the desk, in both languages, from the dictionaries of its screens: a file says what the screen said."""

import re
from functools import cache

from server.frontend import WEB

_ENTRY = re.compile(r"""^  '([^'\n]+)':\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")""", re.MULTILINE)


def word(language: str, key: str) -> str:
    """'' where no dictionary has it."""
    return _words("zh" if language.startswith("zh") else "en").get(key, "")


def word_for(language: str, family: str, code: str) -> str:
    """A code no dictionary knows is said as it is, as on the screen."""
    return word(language, f"{family}.{code}") or code.replace("_", " ")


@cache
def _words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted((WEB / "src" / "lib" / "i18n").glob(f"*.{language}.ts")):
        if not file.name.startswith("floor."):
            for key, single, double in _ENTRY.findall(file.read_text(encoding="utf-8")):
                found[key] = re.sub(r"\\(.)", r"\1", single or double)
    return found
