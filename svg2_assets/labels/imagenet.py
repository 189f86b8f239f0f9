"""ImageNet-1k classes as the concepts of `concepts`: a hand-made map.

Keys are first synonyms in lower case. Classes that say nothing about the thing itself (clothes worn by people, scenery,
parts, materials) and words that mean two classes (crane, cardigan) are left out on purpose: they name nothing.
"""

from __future__ import annotations

_DOG = """chihuahua|japanese spaniel|maltese dog|pekinese|shih-tzu|blenheim spaniel|papillon|toy terrier
rhodesian ridgeback
afghan hound|basset|beagle|bloodhound|bluetick|black-and-tan coonhound|walker hound|english foxhound|redbone|borzoi
irish wolfhound|italian greyhound|whippet|ibizan hound|norwegian elkhound|otterhound|saluki|scottish deerhound
weimaraner|staffordshire bullterrier|american staffordshire terrier|bedlington terrier|border terrier
kerry blue terrier|irish terrier|norfolk terrier|norwich terrier|yorkshire terrier|wire-haired fox terrier
lakeland terrier|sealyham terrier|airedale|cairn|australian terrier|dandie dinmont|boston bull|miniature schnauzer
giant schnauzer|standard schnauzer|scotch terrier|tibetan terrier|silky terrier|soft-coated wheaten terrier
west highland white terrier|lhasa|flat-coated retriever|curly-coated retriever|golden retriever|labrador retriever
chesapeake bay retriever|german short-haired pointer|vizsla|english setter|irish setter|gordon setter|brittany spaniel
clumber|english springer|welsh springer spaniel|cocker spaniel|sussex spaniel|irish water spaniel|kuvasz|schipperke
groenendael|malinois|briard|kelpie|komondor|old english sheepdog|shetland sheepdog|collie|border collie
bouvier des flandres|rottweiler|german shepherd|doberman|miniature pinscher|greater swiss mountain dog
bernese mountain dog|appenzeller|entlebucher|boxer|bull mastiff|tibetan mastiff|french bulldog|great dane|saint bernard
eskimo dog|malamute|siberian husky|dalmatian|affenpinscher|basenji|pug|leonberg|newfoundland|great pyrenees|samoyed
pomeranian|chow|keeshond|brabancon griffon|pembroke|toy poodle|miniature poodle|standard poodle|mexican hairless"""

_BIRD = """cock|hen|ostrich|brambling|goldfinch|house finch|junco|indigo bunting|robin|bulbul|jay|magpie|chickadee
water ouzel|kite|bald eagle|vulture|great grey owl|black grouse|ptarmigan|ruffed grouse|prairie chicken|peacock|quail
partridge|african grey|macaw|sulphur-crested cockatoo|lorikeet|coucal|bee eater|hornbill|hummingbird|jacamar|toucan
drake
red-breasted merganser|goose|black swan|white stork|black stork|spoonbill|flamingo|little blue heron|american egret
bittern|limpkin|european gallinule|american coot|bustard|ruddy turnstone|red-backed sandpiper|redshank|dowitcher
oystercatcher|pelican|king penguin|albatross"""

_FISH = """tench|goldfish|great white shark|tiger shark|hammerhead|electric ray|stingray|barracouta|eel|coho|rock beauty
anemone fish|sturgeon|gar|lionfish|puffer"""

_REPTILE_AMPHIBIAN_INSECT_AND_SO_ON = """european fire salamander|common newt|eft|spotted salamander|axolotl|bullfrog
tree frog|tailed frog|loggerhead|leatherback turtle|mud turtle|terrapin|box turtle|banded gecko|common iguana
american chameleon|whiptail|agama|frilled lizard|alligator lizard|gila monster|green lizard|african chameleon
komodo dragon|african crocodile|american alligator|triceratops|thunder snake|ringneck snake|hognose snake|green snake
king snake|garter snake|water snake|vine snake|night snake|boa constrictor|rock python|indian cobra|green mamba
sea snake
horned viper|diamondback|sidewinder|harvestman|scorpion|black and gold garden spider|barn spider|garden spider
black widow|tarantula|wolf spider|tick|centipede|echidna|platypus|wallaby|koala|wombat|jellyfish|snail|slug|sea slug
dungeness crab|rock crab|fiddler crab|king crab|american lobster|spiny lobster|crayfish|hermit crab|grey whale
killer whale|dugong|sea lion|timber wolf|white wolf|red wolf|coyote|dingo|dhole|african hunting dog|hyena|red fox
kit fox|arctic fox|grey fox|cougar|lynx|leopard|snow leopard|jaguar|lion|tiger|cheetah|mongoose|meerkat|tiger beetle
ladybug|ground beetle|long-horned beetle|leaf beetle|dung beetle|rhinoceros beetle|weevil|fly|bee|ant|grasshopper
cricket
walking stick|cockroach|mantis|cicada|leafhopper|lacewing|dragonfly|damselfly|admiral|ringlet|monarch|cabbage butterfly
sulphur butterfly|lycaenid|starfish|sea urchin|hamster|porcupine|fox squirrel|marmot|beaver|guinea pig|hog|wild boar
warthog|hippopotamus|ibex|hartebeest|impala|gazelle|arabian camel|llama|weasel|mink|polecat|black-footed ferret|otter
skunk|badger|armadillo|three-toed sloth|madagascar cat|indri|lesser panda|giant panda"""

_MONKEY = """orangutan|gorilla|chimpanzee|gibbon|siamang|guenon|patas|baboon|macaque|langur|colobus|proboscis monkey
marmoset|capuchin|howler monkey|titi|spider monkey|squirrel monkey"""

_MEMBERS: dict[str, str] = {
    "dog": _DOG,
    "bird": _BIRD,
    "fish": _FISH,
    "monkey": _MONKEY,
    "animal": _REPTILE_AMPHIBIAN_INSECT_AND_SO_ON,
    "cat": "tabby|tiger cat|persian cat|siamese cat|egyptian cat",
    "bear": "brown bear|american black bear|ice bear|sloth bear",
    "rabbit": "wood rabbit|hare|angora",
    "horse": "sorrel",
    "zebra": "zebra",
    "cow": "ox|water buffalo|bison",
    "sheep": "ram|bighorn",
    "elephant": "indian elephant|african elephant|tusker",
    "bicycle": "bicycle-built-for-two|mountain bike",
    "motorcycle": "moped|motor scooter",
    "car": """ambulance|beach wagon|cab|convertible|jeep|limousine|minivan|model t|racer|sports car|car wheel|grille
police van""",
    "bus": "minibus|school bus|trolleybus",
    "truck": "fire engine|garbage truck|moving van|pickup|tow truck|trailer truck",
    "train": "bullet train|electric locomotive|freight car|passenger car|steam locomotive|streetcar",
    "airplane": "airliner|warplane",
    "boat": """canoe|catamaran|container ship|fireboat|gondola|lifeboat|liner|pirate|schooner|speedboat|trimaran|yawl
aircraft carrier""",
    "vehicle": """amphibian|forklift|go-kart|golfcart|half track|harvester|horse cart|jinrikisha|oxcart
recreational vehicle
snowmobile|snowplow|tank|tractor|tricycle|unicycle|mobile home""",
    "bottle": "beer bottle|pop bottle|water bottle|wine bottle|pill bottle",
    "wine glass": "goblet|red wine",
    "mug": "coffee mug|beer glass",
    "cup": "cup|espresso|measuring cup",
    "bowl": "mixing bowl|soup bowl",
    "vase": "vase",
    "kettle": "teapot|coffeepot",
    "vessel": """pitcher|water jug|whiskey jug|milk can|bucket|pot|caldron|beaker|cocktail shaker|espresso maker
petri dish""",
    "sports ball": """soccer ball|volleyball|basketball|rugby ball|tennis ball|golf ball|ping-pong ball|croquet ball
baseball""",
    "umbrella": "umbrella",
    "backpack": "backpack",
    "handbag": "purse",
    "bag": "mailbag|plastic bag",
    "chair": "folding chair|rocking chair|barber chair|throne",
    "couch": "studio couch",
    "bench": "park bench",
    "bed": "four-poster",
    "dining table": "dining table",
    "furniture": "desk|crib|cradle|wardrobe|chiffonier|china cabinet|bookcase|pool table",
    "tv": "television|screen|monitor",
    "laptop": "laptop|notebook",
    "keyboard": "computer keyboard|typewriter keyboard|space bar",
    "mouse": "mouse",
    "remote": "remote control",
    "cell phone": "cellular telephone|ipod|hand-held computer",
    "microwave": "microwave",
    "toaster": "toaster",
    "refrigerator": "refrigerator",
    "clock": "analog clock|wall clock|digital clock",
    "teddy bear": "teddy",
    "banana": "banana",
    "orange": "orange",
    "apple": "granny smith",
    "broccoli": "broccoli",
    "pizza": "pizza",
    "hot dog": "hotdog",
    "food": """bagel|pretzel|cheeseburger|french loaf|burrito|ice cream|ice lolly|lemon|strawberry|pineapple|fig
mushroom""",
    "traffic light": "traffic light",
    "parking meter": "parking meter",
    "tennis racket": "racket",
    "skis": "ski",
    "spoon": "wooden spoon",
    "knife": "cleaver|letter opener",
    "tie": "windsor tie|bolo tie|bow tie",
    "hair drier": "hand blower",
    "person": "ballplayer|groom|scuba diver",
    "clothes": """jersey|jean|sweatshirt|suit|trench coat|lab coat|cloak|poncho|kimono|abaya|academic gown|gown
miniskirt
swimming trunks|maillot|bikini|fur coat|military uniform|pajama|apron|brassiere|overskirt|sarong|vestment|stole|wool
bulletproof vest|cowboy hat|sombrero|crash helmet|sunglass|sunglasses|mask|ski mask|wig|sock|running shoe|sandal|loafer
clog|cowboy boot""",
}

CONCEPT_OF: dict[str, str] = {
    name.strip(): concept
    for concept, names in _MEMBERS.items()
    for line in names.splitlines()
    for name in line.split("|")
    if name.strip()
}
"""ImageNet class (first synonym, lower case) to concept. `clothes` is what the classifier sees of people."""
