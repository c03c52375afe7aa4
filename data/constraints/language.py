"""The language of the response, judged on its prose only (no mathematics).

langdetect 1.0.9 is random unless seeded; data.constraints.detect seeds it for each text, so that a verdict depends on
the text alone, in every process and whatever ran before. Repaired: a text without letters follows no
language, and a script that only one language of the list uses decides by itself.
"""

import functools
import random
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.detect import detect
from data.constraints.draft import Draft
from data.constraints.text import prose

LANGUAGES = {
    "en": "English", "es": "Spanish", "pt": "Portuguese", "ar": "Arabic", "hi": "Hindi", "fr": "French",
    "ru": "Russian", "de": "German", "ja": "Japanese", "it": "Italian", "bn": "Bengali", "uk": "Ukrainian",
    "th": "Thai", "ur": "Urdu", "ta": "Tamil", "te": "Telugu", "bg": "Bulgarian", "ko": "Korean", "pl": "Polish",
    "he": "Hebrew", "fa": "Persian", "vi": "Vietnamese", "ne": "Nepali", "sw": "Swahili", "kn": "Kannada",
    "mr": "Marathi", "gu": "Gujarati", "pa": "Punjabi", "ml": "Malayalam", "fi": "Finnish",
}  # fmt: skip
# Unicode ranges of the scripts; where one language alone uses the script, the majority of letters
# settles the matter.
_SCRIPTS = {
    "th": ((0x0E00, 0x0E7F),), "kn": ((0x0C80, 0x0CFF),), "he": ((0x0590, 0x05FF),), "ta": ((0x0B80, 0x0BFF),),
    "te": ((0x0C00, 0x0C7F),), "gu": ((0x0A80, 0x0AFF),), "pa": ((0x0A00, 0x0A7F),), "bn": ((0x0980, 0x09FF),),
    "ml": ((0x0D00, 0x0D7F),), "ja": ((0x3040, 0x30FF), (0x4E00, 0x9FFF)), "ko": ((0xAC00, 0xD7AF), (0x1100, 0x11FF)),
    "ar": ((0x0600, 0x06FF),), "ur": ((0x0600, 0x06FF),), "fa": ((0x0600, 0x06FF),),
    "ru": ((0x0400, 0x04FF),), "uk": ((0x0400, 0x04FF),), "bg": ((0x0400, 0x04FF),),
    "zh": ((0x4E00, 0x9FFF),), "hi": ((0x0900, 0x097F),), "mr": ((0x0900, 0x097F),), "ne": ((0x0900, 0x097F),),
}  # fmt: skip
_SCRIPT_DECIDES = {"th", "kn", "he", "ta", "te", "gu", "pa", "bn", "ml", "ja", "ko"}
MIN_LETTERS = 20  # below this langdetect guesses


@functools.lru_cache(4096)
def is_language(text: str, language: str) -> bool:
    """Whether the prose of `text` is in `language`, an ISO 639-1 code of LANGUAGES, or zh. Texts without
    letters are not."""
    words = prose(text).lower()
    letters = [char for char in words if char.isalpha()]
    if not letters:
        return False
    if ranges := _SCRIPTS.get(language):
        own = sum(1 for char in letters if any(low <= ord(char) <= high for low, high in ranges))
        if 2 * own <= len(letters):
            return False
        if language in _SCRIPT_DECIDES:
            return True
    if len(letters) < MIN_LETTERS:
        return False
    return _code(detect(words)) == language


def is_detected_as(text: str, language: str) -> bool:
    """The reference's check: langdetect's verdict on the whole text; a text that it cannot tell passes."""
    return _code(detect(text)) in (language, None)


def _code(detected: str | None) -> str | None:
    """langdetect tells zh-cn from zh-tw."""
    return detected and detected.partition("-")[0]


@CONSTRAINTS.register("language:response_language")
@dataclass(frozen=True)
class ResponseLanguage(Constraint):
    mends = "prose only, and where a script decides, the script; a text whose language cannot be told fails"

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(
                f"language: found {self.language!r}; expected one of {', '.join(LANGUAGES)}"
            )

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(list(LANGUAGES)))

    def describe(self) -> str:
        return f"Your answer should be in {LANGUAGES[self.language]} language, no other language is allowed. "

    def describe_ifeval(self) -> str:
        return f"Your ENTIRE response should be in {LANGUAGES[self.language]} language, no other language is allowed."

    def official(self, response: str) -> bool:
        return is_detected_as(response, self.language)

    def check(self, response: str) -> bool:
        return is_language(response, self.language)

    def phase(self) -> int:
        return 0

    def satisfy(self, draft: Draft) -> None:
        draft.language = self.language if self.language != "en" else None

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, ResponseLanguage) and other.language != self.language:
            return "two languages"
        return None
