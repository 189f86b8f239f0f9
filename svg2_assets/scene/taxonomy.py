"""Closed vocabularies: relation categories, attribute types, predicates with their algebra, kinds of things.

The seven categories and their endpoint kinds are the paper's (Synthetic Visual Genome 2, arXiv 2602.23543).
"""

from __future__ import annotations

from enum import StrEnum

CAMERA_ID = -1
UNKNOWN_NAME = "object"
GROUP = "group"
"""Attribute (of type `other`) of what shows several objects of its graph at once."""


class Category(StrEnum):
    """What kind of statement a relation makes."""

    SPATIAL = "spatial"
    FUNCTIONAL = "functional"
    STATEFUL = "stateful"
    MOTION = "motion"
    SOCIAL = "social"
    ATTENTIONAL = "attentional"
    EVENT_LEVEL = "event_level"


class AttributeType(StrEnum):
    """What kind of statement an attribute makes."""

    COLOR = "color"
    MATERIAL = "material"
    SHAPE = "shape"
    SIZE = "size"
    PATTERN = "pattern"
    TEXTURE = "texture"
    STATE = "state"
    POSE = "pose"
    PART = "part"
    TEXT = "text"
    MOTION = "motion"
    POSITION = "position"
    CLOTHING = "clothing"
    OTHER = "other"


class Verdict(StrEnum):
    """What independent evidence says of a name."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNVERIFIED = "unverified"


SYMMETRIC = frozenset({"near", "touching", "overlapping", "next to", "moving together with", "beside"})
"""Predicates that say the same both ways; stored once, lower id first."""

INVERSES = {
    "left of": "right of",
    "above": "below",
    "in front of": "behind",
    "inside": "containing",
    "on": "under",
    "following": "followed by",
    "holding": "held by",
    "carrying": "carried by",
    "riding": "ridden by",
    "kicking": "kicked by",
}
"""Each predicate to the one that says the same with subject and object exchanged."""

ANTONYMS = INVERSES | {"approaching": "moving away from", "entering": "leaving"}
"""Predicates that cannot hold of the same ordered pair at the same time."""

PREDICATE_CATEGORIES = {
    **dict.fromkeys(("left of", "above", "near", "overlapping", "touching", "in front of"), Category.SPATIAL),
    **dict.fromkeys(("inside", "on"), Category.SPATIAL),
    **dict.fromkeys(("approaching", "moving away from", "following", "moving together with"), Category.MOTION),
    **dict.fromkeys(("entering", "leaving"), Category.MOTION),
    **dict.fromkeys(("riding", "carrying"), Category.STATEFUL),
    **dict.fromkeys(("holding", "kicking"), Category.FUNCTIONAL),
    "looking at": Category.ATTENTIONAL,
}
"""The category of each predicate that geometry and motion can claim, in the direction in which it is stored."""

SYNONYMS = {
    "next to": "near",
    "beside": "near",
    "close to": "near",
    "by": "near",
    "over": "above",
    "underneath": "below",
    "beneath": "below",
    "to the left of": "left of",
    "to the right of": "right of",
    "in": "inside",
    "mounted on": "riding",
    "walking behind": "following",
    "moving towards": "approaching",
    "moving toward": "approaching",
}
"""What people ask for, and the predicate that the store holds for it."""

_CONTRARY = {frozenset(pair) for pair in ANTONYMS.items()}
_INVERSE = INVERSES | {b: a for a, b in INVERSES.items()}

PEOPLE = frozenset("person man woman child boy girl people rider pedestrian adult player".split())
ANIMALS = frozenset("bird cat dog horse sheep cow elephant bear zebra giraffe animal rabbit monkey".split())
MORE_PEOPLE = frozenset(
    "adults athlete babies baby ballerina bather biker boxer boys bride bystander cameraman chef children clown "
    "coach cook crew cyclist dancer diver doctor driver drummer farmer female fighter firefighter fisherman "
    "gardener girls goalkeeper golfer groom guard guest guitarist gymnast hiker human humans infant instructor "
    "jogger juggler kid kids lady ladies male men motorcyclist musician nurse officer operator passenger "
    "performer persons photographer pianist pilot players police policeman referee runner sailor salesman singer "
    "skateboarder skater skier snowboarder soldier spectator student surfer swimmer teacher teen teenager toddler "
    "tourist trainer vendor waiter waitress women worker workers wrestler youth".split()
)
MORE_ANIMALS = frozenset(
    "alligator animals ant antelope ape bat bee beetle birds bison boar buffalo bull butterfly calf camel cats "
    "cattle chick chicken chimpanzee cheetah cockatoo cows crab crocodile crow deer dogs dolphin donkey dove "
    "dragonfly duck duckling ducks eagle fish flamingo fly foal fox frog gecko gerbil goat goats goose gorilla "
    "gull hamster hare hawk hedgehog hen heron hippo hippopotamus horses insect jellyfish kangaroo kitten koala "
    "lamb leopard lion lioness lizard llama lobster meerkat mouse mule octopus ostrich otter owl ox panda panther "
    "parrot peacock pelican penguin pig pigeon piglet pony porcupine puppy python raccoon rat rhino rhinoceros "
    "rooster seagull seal shark snail snake spider squirrel stork swan tiger tortoise turkey turtle walrus weasel "
    "whale wolf yak".split()
)
ROBOTS = frozenset({"robot", "humanoid", "android"})
"""What open vocabularies call people and animals besides, and humanoid robots: who can act, in the paper's sense."""

VEHICLES = frozenset({"bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "vehicle"})
RIDEABLE = frozenset(
    {"horse", "elephant", "bicycle", "motorcycle", "skateboard", "surfboard", "snowboard", "skis", "cow", "scooter"}
)
SURFACES = frozenset({"dining table", "table", "bed", "couch", "bench", "chair", "desk", "floor", "shelf"})
CONTAINERS = frozenset("bowl cup mug vase sink suitcase backpack handbag oven car bus boat box".split())


def inverse_of(predicate: str) -> str | None:
    """The predicate that says the same with the ends exchanged; itself when symmetric; None when there is none."""
    return predicate if predicate in SYMMETRIC else _INVERSE.get(predicate)


def camera_name(predicate: str) -> str:
    """What people call -1 beside `predicate`: a person enters the view, and approaches the camera."""
    return "view" if predicate in {"entering", "leaving"} else "camera"


def contradicts(first: str, second: str) -> bool:
    """Whether two predicates of the same ordered pair cannot hold at once."""
    return first != second and frozenset({first, second}) in _CONTRARY


def is_person(name: str) -> bool:
    """Whether a thing called `name` is human."""
    return _head(name) in PEOPLE


def is_animate(name: str) -> bool:
    """Whether a thing called `name` can act: people, animals, robots. An unknown `object` is not claimed to."""
    return _head(name) in PEOPLE | ANIMALS | MORE_PEOPLE | MORE_ANIMALS | ROBOTS


def legal_endpoints(category: Category, *, subject: str, object_: str, subject_is_camera: bool = False) -> bool:
    """Whether `category` may hold between things named `subject` and `object_` (the paper's endpoint kinds)."""
    if subject_is_camera:
        return category in {Category.ATTENTIONAL, Category.MOTION, Category.SPATIAL}
    if category in {Category.FUNCTIONAL, Category.ATTENTIONAL}:
        return is_animate(subject)
    if category is Category.SOCIAL:
        return is_animate(subject) and is_animate(object_)
    return True


def _head(name: str) -> str:
    """The head noun: the whole name where it is listed, else its last word."""
    lowered = name.strip().lower()
    words = lowered.split()
    return lowered if lowered in PEOPLE | ANIMALS or not words else words[-1]
