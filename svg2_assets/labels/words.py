"""English words as far as names of things need them: number, and what is a verb and no noun.

Number and verb forms come from the dictionary of simplemma (MIT), which knows words but not their part of speech: what
it takes for a verb and is a thing (`railing`, `leaves`) is listed here.
"""

from __future__ import annotations

from functools import lru_cache

import simplemma

PLURAL_ONLY = frozenset(
    """bagpipes barracks binoculars bleachers blinds boxers braces briefs chopsticks clippers clothes dungarees
earphones earbuds eyeglasses fries gallows glasses goggles groceries handcuffs headphones headquarters jeans leggings leftovers
noodles oats overalls pajamas pants pyjamas scissors series shears shorts skis slacks species spectacles stairs
sunglasses suspenders sweatpants swimwear tights tongs trousers tweezers underpants pliers maracas""".split()
)
"""Words that name one thing and look like several."""

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "mice": "mouse", "geese": "goose",
    "feet": "foot", "teeth": "tooth", "dice": "die", "oxen": "ox", "leaves": "leaf", "shelves": "shelf",
    "bookshelves": "bookshelf", "loaves": "loaf", "calves": "calf", "halves": "half", "hooves": "hoof",
    "lenses": "lens", "cacti": "cactus", "fungi": "fungus",
}  # fmt: skip

_THINGS_IN_ING = frozenset(
    """carving coating decking drawing dressing etching fencing flooring frosting icing landing lettering marking
molding moulding netting opening padding painting paneling panelling parking piping railing roofing scaffolding seasoning
stitching stocking stuffing topping covering cutting lining crossing filling wrapping plumbing trimming""".split()
)
_THINGS_IN_ED = frozenset({"moped", "weed", "seaweed", "tumbleweed", "breed", "biped", "quadruped"})
_VERBS = frozenset(
    """be become begin bring carry come do drive eat feed get give go have hold jump keep kneel lean lie look make move
put ride run sing sit sleep smile speak swim take talk throw wait walk wear write
closing fishing hanging hunting sitting smoking wrestling""".split()
)
"""What the dictionary takes for nouns, and as a name or attribute is a verb."""


@lru_cache(maxsize=1 << 14)
def singular(word: str) -> str:
    """The singular of a lower-case noun; itself where it is one, or names one thing as `scissors` do."""
    if word in PLURAL_ONLY:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("men") and len(word) > 4:  # firemen; not `specimen`, which its own lemma is
        return lemma(word)
    if len(word) < 4 or not word.endswith("s"):
        return word
    found = lemma(word)
    if found != word:
        return found
    return word[:-1] if word.endswith("es") and simplemma.is_known(word[:-1], "en") else word


@lru_cache(maxsize=1 << 14)
def lemma(word: str) -> str:
    """The dictionary form of a lower-case word, whatever its part of speech; itself where it is not known."""
    return simplemma.lemmatize(word, lang="en").lower()


@lru_cache(maxsize=1 << 14)
def is_verb(word: str) -> bool:
    """Whether a lower-case word is a form of a verb and names no thing: `walking`, `seated`, `sit`."""
    if word in _VERBS:
        return True
    if word.endswith("ing") and len(word) > 4:
        return word not in _THINGS_IN_ING and lemma(word) != word
    return word.endswith("ed") and len(word) > 4 and word not in _THINGS_IN_ED and lemma(word) != word
