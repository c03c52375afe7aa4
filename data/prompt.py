r"""The prompt: MathIF's assembly (https://arxiv.org/abs/2505.14810, `code/`) or a plain one; one user turn, no system
prompt."""

from data.constraints.base import Constraint

INSTRUCTION = r"Let's think step by step and output the final answer within \boxed{}."


def assemble(question: str, constraints: tuple[Constraint, ...]) -> str:
    """Byte for byte: nothing between question, instruction and first description, one blank between
    descriptions."""
    return question + INSTRUCTION + " ".join(constraint.describe() for constraint in constraints)


def plain(question: str, constraints: tuple[Constraint, ...]) -> str:
    """The question, a blank line, the constraints; no instruction on how to reason or where to put the answer."""
    return "\n\n".join([question, *filter(None, [" ".join(c.describe() for c in constraints)])])


def messages(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]
