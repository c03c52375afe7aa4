"""The surface of the tiny world: names, items, and several wordings of every event.

Templates: {a} the subject, {b} somebody else, {i} the items, {n} and {k} numbers.
"""

import random
from dataclasses import dataclass

NAMES = [
    "Mia",
    "Tom",
    "Ana",
    "Ben",
    "Leo",
    "Zoe",
    "Sam",
    "Eva",
    "Max",
    "Ida",
    "Ray",
    "Amy",
    "Joe",
    "Kim",
    "Dan",
    "Lia",
    "Ned",
    "Pam",
    "Rob",
    "Sue",
    "Ted",
    "Uma",
    "Val",
    "Wes",
    "Jan",
    "Kai",
    "Liv",
    "Noa",
    "Otto",
    "Rosa",
    "Hugo",
    "Nina",
    "Paul",
    "Ruth",
    "Omar",
    "Vera",
    "Finn",
    "Gina",
    "Igor",
    "Judy",
]
ITEMS = [
    "apples",
    "pens",
    "cards",
    "coins",
    "books",
    "stamps",
    "shells",
    "eggs",
    "cups",
    "marbles",
    "stickers",
    "cookies",
    "pears",
    "seeds",
    "bricks",
    "balls",
    "plums",
    "beads",
    "nails",
    "roses",
    "lemons",
    "photos",
    "tickets",
    "buttons",
]
PLACES = ["market", "school", "park", "garden", "station", "library", "beach", "farm"]

OPENINGS = (
    "{a} has {n} {i}.",
    "{a} starts the day with {n} {i}.",
    "There are {n} {i} in the box of {a}.",
    "{a} owns {n} {i}.",
    "In the morning {a} counts {n} {i}.",
    "{a} brings {n} {i} to the {p}.",
)
EVENTS: dict[str, tuple[str, ...]] = {
    "gain": (
        "{b} gives {a} {n} more {i}.",
        "Then {a} finds {n} {i}.",
        "Later {a} buys {n} more.",
        "{a} gets another {n} {i} from {b}.",
        "At the {p} {a} picks up {n} {i}.",
        "After lunch {a} receives {n} more {i}.",
    ),
    "lose": (
        "{a} gives {n} {i} to {b}.",
        "Then {a} loses {n} of them.",
        "Later {a} sells {n} {i}.",
        "{b} takes {n} {i} away.",
        "On the way home {n} {i} get lost.",
        "{a} leaves {n} of the {i} at the {p}.",
    ),
    "times": (
        "A week later {a} has {n} times as many.",
        "The number of {i} grows to {n} times what it was.",
        "By magic the {i} of {a} become {n} times as many.",
        "Soon there are {n} times as many {i} as before.",
    ),
    "share": (
        "{a} splits the {i} into {n} equal parts and keeps one part.",
        "{a} shares all {i} equally with friends, so that each of the {n} people has the same number.",
        "The {i} are put into {n} equal bags, and {a} keeps one bag.",
        "Only one part in {n} of the {i} stays with {a}.",
    ),
    "gain_groups": (
        "{a} buys {k} boxes with {n} {i} each.",
        "{k} friends bring {n} {i} each to {a}.",
        "Then {a} gets {k} bags of {n} {i}.",
        "Every day for {k} days {a} collects {n} more {i}.",
    ),
    "lose_groups": (
        "{a} gives {n} {i} to each of {k} friends.",
        "Then {a} sells {k} bags of {n} {i}.",
        "Every day for {k} days {a} uses {n} {i}.",
        "{k} boxes with {n} {i} each are sent to {b}.",
    ),
    "together_more": (
        "{b} has {n} more {i} than {a}.",
        "{a} has {n} fewer {i} than {b}.",
        "Compared with {a}, {b} has {n} extra {i}.",
    ),
    "together_fewer": (
        "{b} has {n} fewer {i} than {a}.",
        "{a} has {n} more {i} than {b}.",
        "Compared with {a}, {b} is {n} {i} short.",
    ),
}
DISTRACTORS = (
    "{b} has {n} {j}.",
    "{a} is {n} years old.",
    "The walk to the {p} takes {n} minutes.",
    "There are {n} people at the {p}.",
    "{b} also looks for {n} {j}.",
    "The {p} opens at {k} o'clock.",
    "It is a cold day.",
    "{b} reads {n} pages of a book about {j}.",
    "Each of the {i} costs {k} cents.",
    "The bag of {b} weighs {n} grams.",
)
QUESTIONS = (
    "How many {i} does {a} have now?",
    "How many {i} does {a} have in the end?",
    "What is the number of {i} that {a} has at the end?",
    "Find the number of {i} that {a} now has.",
    "How many {i} are left with {a}?",
)
QUESTIONS_TOGETHER = (
    "How many {i} do {a} and {b} have together?",
    "What is the total number of {i} of {a} and {b}?",
    "Find how many {i} the two have in total.",
)


@dataclass
class Story:
    rng: random.Random
    subject: str
    other: str
    item: str
    other_item: str

    @classmethod
    def draw(cls, rng: random.Random) -> "Story":
        subject, other = rng.sample(NAMES, 2)
        item, other_item = rng.sample(ITEMS, 2)
        return cls(rng, subject, other, item, other_item)

    def _say(self, templates: tuple[str, ...], n: int = 0, k: int = 0) -> str:
        template = self.rng.choice(templates)
        values = {
            "a": self.subject,
            "b": self.other,
            "i": self.item,
            "j": self.other_item,
            "n": n,
            "k": k,
        }
        return template.format(p=self.rng.choice(PLACES), **values)

    def opening(self, n: int) -> str:
        return self._say(OPENINGS, n)

    def event(self, kind: str, n: int, k: int) -> str:
        return self._say(EVENTS[kind], n, k)

    def distractor(self) -> str:
        return self._say(DISTRACTORS, self.rng.randint(2, 99), self.rng.randint(2, 12))

    def ask(self, together: bool) -> str:
        return self._say(QUESTIONS_TOGETHER if together else QUESTIONS)
