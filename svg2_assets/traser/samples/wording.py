"""Words of training targets: names, attributes and predicates cleaned, and what of them is not fit to be learned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from svg2_assets.descriptions.colours import COLOURS
from svg2_assets.labels.canonical import UNCERTAIN, plain_name, same_thing
from svg2_assets.labels.faults import Fault, fault_of
from svg2_assets.labels.words import lemma
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.settings import AttributeSettings

_EXPLANATION = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_ALTERNATIVE = re.compile(r"\s+or\s+.*|\s*[/|].*")
_WORD = r"[\"'’]?[^\W_][\w'’\".%&#/:,-]*"
_WORDS = re.compile(rf"{_WORD}(?: {_WORD}){{0,7}}")
_NO_VOWEL = re.compile(r"(?<![a-z])[bcdfghjklmnpqrstvwxz]{5,}|(.)\1{3,}")

SUBJECTIVE = frozenset(
    """adorable aesthetic alluring amazing appealing appetizing artistic attractive awesome awkward beautiful boring
breathtaking bright-looking calm captivating casual charming cheap cheerful chic classic clean-looking comfortable
comfy contemporary cool cozy cute dainty decorative delicate delicious delightful dynamic easygoing eerie elaborate
elegant enchanting energetic engaging enjoyable exotic expensive expressive eye-catching familiar fancy fashionable
favorite festive focused formal friendly fresh-looking fun funny glamorous gloomy good-looking gorgeous graceful
gracious handsome happy-looking harmonious healthy-looking homely ideal idyllic imposing impressive informal inspiring
interesting intriguing inviting lively lovely luxurious magical majestic mesmerizing minimalist modern mundane
mysterious neat nice nostalgic ordinary ornate peaceful perfect picturesque playful pleasant plush-looking popular
practical premium pretty professional quaint quirky refined relaxed relaxing rustic scenic serene serious simple sleek
smart soothing sophisticated special spectacular standard striking stunning stylish sturdy stylized sublime suitable
tasteful tasty tempting tidy-looking timeless traditional tranquil trendy typical ugly understated unique unremarkable
unusual vibrant vintage warm-looking welcoming well-designed well-kept well-made whimsical wonderful youthful
""".split()
)
"""Words of taste, mood and worth: what one annotator sees and the next does not."""

INSTANT = frozenset(
    """arrive break bump burst catch clap click close collide crash cross dive drop enter exit fall flip grab hit hop
jump kick knock land launch leave open pass pick pop press punch put release score serve shoot shut slap slip smash
snap start step stop strike swat tackle tap throw toss touchdown trip turn unlock""".split()
)
"""Verbs of acts that are over in an instant."""

_CERTAIN_KINDS = {
    AttributeType.COLOR: frozenset(COLOURS) | frozenset("grey teal cyan golden silver blond blonde tan".split()),
    AttributeType.MATERIAL: frozenset(
        "wooden metal metallic plastic glass leather fabric rubber ceramic stone concrete paper fur brick".split()
    ),
    AttributeType.PATTERN: frozenset(
        "striped spotted checked checkered plaid dotted floral patterned camouflage".split()
    ),
    AttributeType.SIZE: frozenset("small large big tiny huge tall short long little wide narrow thick thin".split()),
    AttributeType.SHAPE: frozenset("round square rectangular oval circular triangular cylindrical curved flat".split()),
    AttributeType.TEXTURE: frozenset("smooth rough shiny glossy matte fluffy furry soft hard bumpy fuzzy".split()),
    AttributeType.POSE: frozenset("standing sitting seated lying kneeling crouching bending squatting leaning".split()),
    AttributeType.MOTION: frozenset("moving still running walking static stationary flying rolling spinning".split()),
    AttributeType.STATE: frozenset("open closed empty full wet dry lit broken parked folded dirty clean".split()),
}
_KINDS = {word: kind for kind, words in _CERTAIN_KINDS.items() for word in words}


def cleaned_name(name: str, *, generic: bool, counts: Counts) -> str | None:
    """`name` plain, without `(uncertain)`, explanations in brackets and alternatives; None where nothing can be told.

    `generic`: whether a name that says nothing may stay. What is done and why one goes is counted.
    """
    text = name.replace("_", " ")
    if UNCERTAIN in text.lower():
        counts.note(Reason.DOUBT_MARK)
        text = re.sub(re.escape(UNCERTAIN), " ", text, flags=re.IGNORECASE)
    for pattern, done in ((_EXPLANATION, Reason.EXPLANATION), (_ALTERNATIVE, Reason.ALTERNATIVES)):
        shorter = pattern.sub("", text)
        if shorter != text and shorter.strip():
            counts.note(done)
            text = shorter
    plain = plain_name(text)
    fault = _name_fault(plain)
    if fault is None or (generic and fault is Reason.GENERIC):
        return plain
    counts.note(fault)
    return None


def _name_fault(plain: str) -> Reason | None:
    fault = fault_of(plain)
    if fault is Fault.EMPTY:
        return Reason.NAMELESS
    if fault is Fault.GENERIC:
        return Reason.GENERIC
    return Reason.GARBLED_NAME if fault in {Fault.SCRIPT, Fault.MARKUP, Fault.LONG} or _garbled(plain) else None


def cleaned_predicate(predicate: str) -> str | None:
    """Lower case, single spaces, no underscores or full stop at the end; None where it is no phrase of a few words."""
    text = " ".join(predicate.replace("_", " ").lower().split()).strip(" .,;:!?\"'`")
    return None if _garbled(text) else text


def is_instant(predicate: str) -> bool:
    """Whether a cleaned predicate names an act that is over in an instant."""
    return bool(predicate) and lemma(predicate.split()[0]) in INSTANT


def cleaned_attributes(
    attributes: tuple[Attribute, ...], *, name: str, rules: AttributeSettings, counts: Counts
) -> tuple[Attribute, ...]:
    """The attributes of something called `name` that are told, in the order given."""
    fit = list(_fit(attributes, name=name, rules=rules, counts=counts))
    surest = sorted(range(len(fit)), key=lambda i: (-fit[i].confidence, i))[: rules.most]
    counts.note(Reason.TOO_MANY_ATTRIBUTES, len(fit) - len(surest))
    counts.note(Reason.ATTRIBUTE, len(surest))
    return tuple(fit[i] for i in sorted(surest))


def _fit(
    attributes: tuple[Attribute, ...], *, name: str, rules: AttributeSettings, counts: Counts
) -> Iterator[Attribute]:
    seen: set[str] = set()
    for given in attributes:
        value = " ".join(given.value.replace("_", " ").lower().split()).strip(" .,;:!?\"'`")
        attribute = Attribute(value, _kind(value, given.type), given.confidence)
        fault = _attribute_fault(attribute, name, rules)
        if fault is None and value in seen:
            fault = Reason.REPEATED_ATTRIBUTE
        if fault is None:
            seen.add(value)
            yield attribute
        else:
            counts.note(fault)


def _attribute_fault(a: Attribute, name: str, rules: AttributeSettings) -> Reason | None:
    if _garbled(a.value):
        return Reason.GARBLED_ATTRIBUTE
    if a.type not in rules.types:
        return Reason.ATTRIBUTE_TYPE
    if a.confidence < rules.least_confidence:
        return Reason.UNSURE_ATTRIBUTE
    if not rules.subjective and SUBJECTIVE & set(a.value.split()):
        return Reason.SUBJECTIVE
    return Reason.ATTRIBUTE_IS_NAME if same_thing(a.value, name) else None


def _kind(value: str, given: AttributeType) -> AttributeType:
    """The type of an attribute; a source without types has `other` for all, and most words leave no doubt."""
    if given is not AttributeType.OTHER:
        return given
    words = value.split()
    return _KINDS.get(words[-1], _KINDS.get(words[0], given)) if words else given


def _garbled(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    if not letters or not _WORDS.fullmatch(text) or _NO_VOWEL.search(text):
        return True
    return not text.isascii() and any("LATIN" not in unicodedata.name(c, "") for c in letters)
