r"""Expressions without an algebra system: a small grammar of LaTeX and plain text, read into a tree, and its value.

Rational expressions are evaluated exactly (`Fraction`, bounded size), all others at fixed points, in floats and then
with 40 digits. The grammar refuses (`Unread`) what it could misread: text, relations, unknown commands, applications
such as `f(2)`. Conventions are those of mathematical printing: `i` and `e` are the constants, `\log` is natural,
`2\frac12` is 5/2, letters side by side are a product, `x_1` and `x1` are one symbol.
"""

from data.answers.grammar import (  # noqa: I001
    ACCENTS, CLOSING, CONJUGATE, ENCLOSED, FUNCTIONS, GREEK, INVERSE, STARTS, TIMES, Node, Tokens, Unread, contains,
    literal_node, number_node,
)  # fmt: skip

MAX_DEPTH = 60  # of sums and factors: half as many brackets


def readings(text: str) -> tuple[Node, ...]:
    r"""The trees of a cleaned answer: one, or two where `\sin x y` may be (sin x) y or sin(x y). Raises Unread."""
    parser = _Parser(text, greedy=True)
    node = parser.whole()
    return (node, _Parser(text, greedy=False).whole()) if parser.ambiguous else (node,)


def trees(text: str) -> tuple[Node, ...]:
    """`readings`, none where the text cannot be read."""
    try:
        return readings(text)
    except Unread:
        return ()


class _Parser(Tokens):
    def __init__(self, text: str, greedy: bool) -> None:
        super().__init__(text)
        self.greedy = greedy
        self.ambiguous = False
        self.depth = 0
        self.bars = 0

    def whole(self) -> Node:
        node = self.sum()
        if self.at < len(self.tokens):
            raise Unread(self.tokens[self.at])
        return node

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unread("depth")
        terms = [self.signed()]
        while self.peek() in ("+", "-"):
            negative = self.take() == "-"
            term = self.product()
            terms.append(Node("neg", (term,)) if negative else term)
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Node("+", tuple(terms))

    def signed(self) -> Node:
        if self.peek() in ("+", "-"):
            negative = self.take() == "-"
            node = self.product()
            return Node("neg", (node,)) if negative else node
        return self.product()

    def product(self) -> Node:
        factors = [self.factor()]
        while True:
            token = self.peek()
            if token in TIMES:
                self.take()
                factors.append(self.signed_factor())
            elif token == "/":
                self.take()
                divisor = self.signed_factor()
                if self.starts_factor():
                    raise Unread("1/2x reads two ways")
                factors.append(Node("/", (number_node(1), divisor)))
            elif self.starts_factor():
                factors[-1:] = self.juxtaposed(factors[-1])
            else:
                return factors[0] if len(factors) == 1 else Node("*", tuple(factors))

    def juxtaposed(self, left: Node) -> list[Node]:
        """One factor for a mixed number, else two; `f(2)` and `2 3` are neither."""
        before, token = self.tokens[self.at - 1], self.peek()
        if (token[0].isdigit() and left.op != "i") or token[0] == ".":
            raise Unread("a number after a factor")
        named = before.isalpha() or before == "'" or before[1:] in GREEK
        if token == "(" and named and self.lone_argument():
            raise Unread("an application or a product")
        right = self.factor()
        if left.op == "num" and before.isdigit() and token == "\\frac" and right.op == "/":
            parts = [part.value for part in right.args]
            if all(part.op == "num" for part in right.args) and 0 < parts[0] < parts[1]:
                return [Node("+", (left, right))]
        return [left, right]

    def lone_argument(self) -> bool:
        return self.tokens[self.at + 2 : self.at + 3] in ([")"], [","])

    def starts_factor(self) -> bool:
        token = self.peek()
        if token == "|":
            return self.bars == 0
        plain = token[:1].isalnum() or token[:1] == "."
        return plain or token in ("(", "[", "{") or (token[:1] == "\\" and token[1:] in STARTS)

    def signed_factor(self) -> Node:
        if self.peek() in ("+", "-"):
            return Node("neg", (self.factor(),)) if self.take() == "-" else self.factor()
        return self.factor()

    def factor(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unread("depth")
        node = self.factorial(self.atom())
        if self.peek() == "^":
            self.take()
            if self.peek() == "\\circ":
                raise Unread("degrees")
            node = Node("^", (node, self.argument()))
            node = self.factorial(node)
        if self.peek() in ("^", "!"):
            raise Unread("two exponents, or a double factorial")
        self.depth -= 1
        return node

    def factorial(self, node: Node) -> Node:
        if self.peek() != "!":
            return node
        self.take()
        return Node("fac", (node,))

    def argument(self) -> Node:
        """`{...}`, or one token as TeX takes it: `x^23` is x^2 times 3 in TeX and a misprint, so refused."""
        token = self.peek()
        if token in ("{", "("):
            return self.enclosed()
        if token == "-":
            self.take()
            return Node("neg", (self.atom(),))
        if len(token) > 1 and (token[0].isdigit() or token[0] == "."):
            raise Unread("an exponent of several digits without braces")
        return self.atom()

    def enclosed(self) -> Node:
        opening = self.take()
        bar = opening == "|"
        self.bars += bar
        outer, self.bars = self.bars, int(bar)
        node = self.sum()
        self.bars = outer - bar
        if self.take() != CLOSING[opening]:
            raise Unread("brackets")
        name = ENCLOSED.get(opening)
        return Node(name, (node,)) if name else node

    def atom(self) -> Node:
        token = self.peek()
        if token in CLOSING:
            return self.enclosed()
        self.take()
        if token[0].isdigit() or token[0] == ".":
            return literal_node(token)
        if token == "\\pi":
            return Node("pi")
        name = token.removeprefix("\\")
        if token.startswith("\\"):
            return self.command(name)
        if token == "C" and self.peek() == "(":
            return self.combinations()
        if token.isalpha() and token.isascii():
            return self.symbol(token)
        raise Unread(token)

    def combinations(self) -> Node:
        """`C(5, 2)`, a binomial; `C(x)` is none of ours. A point `C(2, 3)` is met by no number."""
        self.take()
        above = self.sum()
        if self.take() != ",":
            raise Unread("an application or a product")
        below = self.sum()
        if self.take() != ")":
            raise Unread("brackets")
        return Node("binom", (above, below))

    def command(self, name: str) -> Node:
        if name == "frac":
            return Node("/", (self.argument(), self.argument()))
        if name == "sqrt":
            return self.root()
        if name == "binom":
            return Node("binom", (self.argument(), self.argument()))
        if name in FUNCTIONS:
            return self.function(name)
        if name == CONJUGATE:
            return self.conjugate()
        if name in ACCENTS:
            inner = self.argument()
            if inner.op != "sym":
                raise Unread("accent")
            return self.symbol(f"{name} {inner.value}")
        if name in GREEK:
            return self.symbol("epsilon" if name == "varepsilon" else name)
        raise Unread(name)

    def conjugate(self) -> Node:
        inner = self.argument()
        if not contains(inner, "i"):
            raise Unread("a bar over what is not complex")
        return Node("conj", (inner,))

    def root(self) -> Node:
        index = number_node(2)
        if self.peek() == "[":
            index = self.enclosed()
        return Node("root", (self.argument(), index))

    def function(self, name: str) -> Node:
        power, base = None, None
        if self.peek() == "_":
            self.take()
            base = self.base()
        if self.peek() == "^":
            self.take()
            power = self.argument()
        if power and power.op == "neg" and power.args[0].value == 1:
            name, power = INVERSE.get(name, ""), None
        if not name or (base and name != "log"):
            raise Unread("function")
        inner = self.enclosed() if self.peek() in ("(", "{", "[") else self.run()
        node = Node("ln" if name == "log" else name, (inner,))
        if base:
            node = Node("/", (node, Node("ln", (base,))))
        return Node("^", (node, power)) if power else node

    def base(self) -> Node:
        r"""Of `\log_e 2`: one letter is not the symbol e2."""
        if self.peek().isalpha():
            letter = self.take()
            return Node(letter) if letter in ("e", "i") else Node("sym", value=letter)
        return self.argument()

    def run(self) -> Node:
        r"""An argument without brackets: number and symbols up to a sign, a slash, a bracket or a function: `\sin 2x`."""
        factors = [self.factor()]
        named = factors[0].op != "num"
        while (
            self.starts_factor() and self.peek() not in CLOSING and self.peek()[1:] not in FUNCTIONS
        ):
            if named:
                self.ambiguous = True
                if not self.greedy:
                    break
            factors[-1:] = self.juxtaposed(factors[-1])
            named = True
        return factors[0] if len(factors) == 1 else Node("*", tuple(factors))
