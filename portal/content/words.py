"""The words that sign-in names are drawn from, and how such a name is written and read back.

Short, plain, easy to spell and to say over the phone; none says anything about why somebody is here.
Words only ever join the list at any place: names in use stay valid, since they are stored, not computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

WORDS: Final[tuple[str, ...]] = tuple(
    """
    acorn album almond amber anchor apple apricot apron arcade arrow artist aspen atlas attic autumn
    avocado badge bagel bakery ballad ballet balloon bamboo banana banjo barley basil basket beacon
    beagle beaver bench bicycle birch biscuit bison blanket blender blossom bluebell bluebird bobcat
    bookcase bottle bouquet bracelet branch breeze brick bridge broccoli bronze brook brown bubble
    bucket buffalo bundle butter buttercup button cabbage cabin cactus camel camera canary candle candy
    canoe canvas canyon caramel caravan carpet carrot cashew castle catalog cauliflower cedar ceiling
    celery cello cereal chapter charcoal cheese cherry chestnut chicken chimney chipmunk chorus cinnamon
    circle clarinet clock closet cloud clover cobalt cocoa coconut coffee comet compass concert cookie
    copper coral corner cottage cotton cowboy cranberry crayon cream cricket crimson crocus crystal
    cucumber cupboard cupcake curtain cushion cypress daffodil dahlia daisy dancer dandelion denim
    desert dewdrop diamond dinner dolphin domino donkey doorway drawer duckling dumpling easel echo
    eclipse eggplant elbow elephant elevator emerald engine envelope evening fabric falcon feather
    fennel festival fiddle field fiesta finch firefly flamingo flannel flute footpath forest foxglove
    fruit gadget galaxy gallery garden gardener garlic gazelle gecko ginger giraffe glacier glider globe
    goblet goldfinch granite grape grapefruit grass gravel green greenhouse guitar gumdrop hallway
    hammock hamster handbag harbor harmonica harmony harvest hazel hazelnut helmet hexagon hibiscus
    hickory highland hillside holiday honey honeycomb horizon hummingbird igloo iguana indigo inkwell
    island ivory jacket jackrabbit jaguar jasmine jelly jersey jigsaw journal juice jukebox jungle
    juniper kangaroo kayak kettle keyboard kingfisher kitchen kitten koala ladder lagoon lakeside
    landscape lantern laptop laurel lavender lemon lemonade lentil leopard letter lettuce library
    lighthouse lilac limestone linden lizard llama lotus lullaby lumber lunch macaroni magnet magnolia
    mailbox mandolin mango maple marble marigold market marmot marshmallow mayflower meadow meerkat
    melody melon meteor microscope milkshake mineral minnow mirror moonbeam moonlight morning mosaic
    mountain muffin mulberry museum mushroom music mustard napkin nature nectar nickel nightingale
    noodle north notebook novel nutmeg nutshell oatmeal ocean octagon olive onion opera orange orchard
    orchid oregano origami oriole ostrich otter outdoor oven oyster paintbrush painter palace pamphlet
    pancake panda panther papaya paper paprika parade parasol parcel parsley partridge passport pasta
    pathway peach peacock peanut pebble pelican pencil penguin pepper peppermint periscope petal piano
    picnic pilot pineapple pinecone pistachio planet platypus playground plaza plywood pocket popcorn
    poplar poppy porch postcard potato pottery prairie pretzel primrose prism pudding pumpkin puppet
    purple puzzle pyramid quail quartz quilt quince rabbit radio radish railway rainbow raincoat
    rainfall raisin raspberry rectangle redwood reindeer rhubarb ribbon river riverbank robin rooster
    rosemary rowboat saddle saffron sailboat salad salmon sandal sandcastle sandstone sapphire sardine
    satchel saucer sauna saxophone scarf school scooter seagull seahorse seashell season sesame shamrock
    shell signpost silver sketch skylark skyline slipper snail snowflake snowman soccer sonata songbird
    sorbet south spaghetti sparrow spinach splash sponge spoon spring sprout spruce square squirrel
    stable stadium starfish starlight station statue stencil stork strawberry stream street studio sugar
    suitcase summer sunbeam sundial sunflower sunny sunrise sunset sweater swing sycamore tablet tailor
    tambourine tangerine tapestry teacher teacup teapot telescope temple tennis terrace thimble thistle
    ticket tiger timber toast toaster tomato toolbox topaz tortoise toucan tower tractor train treasure
    treehouse triangle tricycle trolley trombone trumpet tugboat tulip tundra tunnel turkey turnip
    turtle twilight umbrella valley vanilla velvet village vinegar vineyard violet violin voyage waffle
    wagon wallpaper walnut walrus water watercolor waterfall watermelon wheelbarrow wicker wildflower
    willow windmill window winter woodland woodpecker workshop writer yellow yogurt zebra zigzag zipper
    zucchini
    """.split()
)

WORDS_IN_A_NAME: Final = 3
"""Three words of this list make more than a hundred million names."""

_GAP = re.compile(r"[\s._-]+")


def draw_name(choose: Callable[[Sequence[str]], str]) -> str:
    """A new sign-in name such as "amber-canoe-willow"; `choose` picks one word, like `secrets.choice`.

    The words of a name differ. Whether the name is free is the caller's to check.
    """
    drawn: list[str] = []
    for _ in range(WORDS_IN_A_NAME):
        drawn.append(choose([word for word in WORDS if word not in drawn]))
    return "-".join(drawn)


def canonical_name(typed: str) -> str:
    """A typed sign-in name as it is stored: lower case, one hyphen between words.

    Capitals, spaces, dots and underscores are what people type; anything else stays and will not match.
    """
    return _GAP.sub("-", typed.strip().casefold()).strip("-")
