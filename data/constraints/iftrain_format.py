"""IFTrain's layout (https://arxiv.org/abs/2507.02833): hyphens, brackets, paragraphs, forbidden marks."""

from dataclasses import dataclass

from data.constraints import nlp
from data.constraints.arguments import NoArguments
from data.constraints.base import CONSTRAINTS, Constraint
from data.constraints.ifeval_length import divided, divided_by_lines, pieces
from data.constraints.places import Span, occurrences
from data.constraints.text import has_content


@CONSTRAINTS.register("detectable_format:sentence_hyphens")
@dataclass(frozen=True)
class SentenceHyphens(NoArguments):
    """Repaired: two sentences at least, and nothing but the sentences; the reference compares only as far as the
    shorter list goes."""

    mends = "two sentences at least, as many pieces as sentences, words in each"
    wording = "All sentences must be connected using hyphens, with no spaces between them."

    def official(self, response: str) -> bool:
        sentences = nlp.regex_sentences(response.replace("-", " "))
        pairs = zip(response.split("-"), sentences, strict=False)
        return all(piece == sentence for piece, sentence in pairs)

    def check(self, response: str) -> bool:
        sentences = nlp.regex_sentences(response.replace("-", " "))
        same = list(sentences) == response.split("-")
        return same and len(sentences) > 1 and all(map(has_content, sentences))


@CONSTRAINTS.register("detectable_format:square_brackets")
@dataclass(frozen=True)
class SquareBrackets(NoArguments):
    """Repaired: there is a letter or digit in each pair of brackets."""

    mends = "a letter or digit in each pair of brackets"
    wording = "Enclose every word in your response within square brackets."

    def official(self, response: str) -> bool:
        return all(word.startswith("[") and word.endswith("]") for word in response.split())

    def check(self, response: str) -> bool:
        return self.official(response) and all(map(has_content, response.split()))


@CONSTRAINTS.register("detectable_format:bigram_wrapping")
@dataclass(frozen=True)
class BigramWrapping(NoArguments):
    """Repaired: two words at least; a last one without a partner is wrapped by itself or not at all."""

    mends = "two words at least, no half-wrapped last word"
    wording = (
        "Wrap every word bigram in double angular brackets, "
        "such as <<I am>> <<at home>> <<with my>> <<cute dog>>."
    )

    def official(self, response: str) -> bool:
        words = response.split()
        pairs = zip(words[::2], words[1::2], strict=False)
        return all(first.startswith("<<") and second.endswith(">>") for first, second in pairs)

    def check(self, response: str) -> bool:
        words = response.split()
        if sum(map(has_content, words)) < 2 or not self.official(response):
            return False
        return len(words) % 2 == 0 or words[-1].startswith("<<") == words[-1].endswith(">>")


@CONSTRAINTS.register("paragraphs:paragraphs")
@dataclass(frozen=True)
class Paragraphs(NoArguments):
    """Repaired: as IFEval's `number_paragraphs`, of which this is the case of two."""

    mends = "a divider is a line of its own, `***` or `* * *`"
    wording = (
        "There should be 2 paragraphs. Paragraphs are separated with the markdown divider: ***"
    )

    def official(self, response: str) -> bool:
        return divided(response) == 2

    def check(self, response: str) -> bool:
        return divided_by_lines(response) == 2

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "two kinds of paragraphs" if isinstance(other, Paragraphs2) else None


@CONSTRAINTS.register("paragraphs:paragraphs2")
@dataclass(frozen=True)
class Paragraphs2(NoArguments):
    """Two paragraphs, one blank line between them."""

    wording = (
        "There should be 2 paragraphs. Paragraphs and only paragraphs are separated with each other by two line "
        "breaks. "
    )

    def official(self, response: str) -> bool:
        found = pieces(response.split("\n\n"))
        return found is not None and len(found) == 2


@CONSTRAINTS.register("punctuation:punctuation_dot")
@dataclass(frozen=True)
class PunctuationDot(NoArguments):
    """Dots of decimals count."""

    forbids = True
    wording = "In your entire response, refrain from the use of . (i.e. dots) as punctuation and in general."

    def official(self, response: str) -> bool:
        return "." not in response

    def places(self, response: str) -> list[Span]:
        return occurrences(".", response)


@CONSTRAINTS.register("punctuation:punctuation_exclamation")
@dataclass(frozen=True)
class PunctuationExclamation(NoArguments):
    """Exclamation marks of factorials count."""

    forbids = True
    wording = "In your entire response, refrain from the use of ! (i.e. exclamation marks) as punctuation and in general."

    def official(self, response: str) -> bool:
        return "!" not in response

    def places(self, response: str) -> list[Span]:
        return occurrences("!", response)
