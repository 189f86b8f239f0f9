"""English words as far as names of things need them: number, and what is a verb and no noun.

Number and verb forms come from the dictionary of simplemma (MIT), which knows words but not their part of speech: what
it takes for a verb and is a thing (`railing`, `leaves`) is listed here.
"""

from __future__ import annotations

from functools import lru_cache

PLURAL_ONLY = frozenset(
    """bagpipes barracks binoculars bleachers blinds boxers braces briefs chopsticks clippers clothes
dungarees earbuds earphones eyeglasses fries gallows glasses goggles groceries handcuffs headphones
headquarters jeans leftovers leggings maracas noodles oats overalls pajamas pants pliers pyjamas
scissors series shears shorts skis slacks species spectacles stairs sunglasses suspenders sweatpants
swimwear tights tongs trousers tweezers underpants""".split()
)
"""Words that name one thing and look like several."""

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "mice": "mouse", "geese": "goose",
    "feet": "foot", "teeth": "tooth", "dice": "die", "oxen": "ox", "leaves": "leaf", "shelves": "shelf",
    "bookshelves": "bookshelf", "loaves": "loaf", "calves": "calf", "halves": "half", "hooves": "hoof",
    "lenses": "lens", "cacti": "cactus", "fungi": "fungus",
}  # fmt: skip

_THINGS_IN_ING = frozenset(
    """carving coating covering crossing cutting decking drawing dressing etching fencing filling flooring
frosting icing landing lettering lining marking molding moulding netting opening padding painting
paneling panelling parking piping plumbing railing roofing scaffolding seasoning stitching stocking
stuffing topping trimming wrapping""".split()
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
    return word[:-1] if word.endswith("es") and _is_known(word[:-1]) else word


@lru_cache(maxsize=1 << 14)
def lemma(word: str) -> str:
    """The dictionary form of a lower-case word, whatever its part of speech; itself where it is not known."""
    import simplemma  # a tenth of a second, which only those who read names pay

    return simplemma.lemmatize(word, lang="en").lower()


@lru_cache(maxsize=1 << 14)
def is_verb(word: str) -> bool:
    """Whether a lower-case word is a form of a verb and names no thing: `walking`, `seated`, `sit`."""
    if word in _VERBS:
        return True
    if word.endswith("ing") and len(word) > 4:
        return word not in _THINGS_IN_ING and lemma(word) != word
    return word.endswith("ed") and len(word) > 4 and word not in _THINGS_IN_ED and lemma(word) != word


def _is_known(word: str) -> bool:
    import simplemma

    return simplemma.is_known(word, lang="en")
