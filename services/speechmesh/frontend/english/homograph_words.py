"""The words that tell how a homograph is pronounced: those of grammar, and those of one homograph each."""

from __future__ import annotations

from typing import Final


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


ARTICLES: Final = word_set("a an the")
DETERMINERS: Final = ARTICLES | word_set(
    """this that these those my your his her its our their no every each some any another either neither
    which what whose several many few both all most more much one's"""
)
PREPOSITIONS: Final = word_set(
    """of in on at by for from with without into onto about between under over during through against among per
    across behind within beyond despite than as via"""
)
MODALS: Final = word_set(
    """will would can could shall should may might must do does did don't doesn't didn't won't wouldn't can't cannot
    couldn't shouldn't mustn't i'll you'll he'll she'll it'll we'll they'll let's please never always often usually
    sometimes rarely help helps helped"""
)
PLURAL_SUBJECTS: Final = word_set("i you we they who people")
SINGULAR_SUBJECTS: Final = word_set("he she it who which everyone everybody someone somebody nobody one")
HAVES: Final = word_set(
    "have has had having i've you've we've they've he's she's haven't hasn't hadn't i'd you'd he'd she'd we'd they'd"
)
BES: Final = word_set(
    """is are was were be been being am isn't aren't wasn't weren't it's that's he's she's i'm you're we're they're
    seem seems seemed became become feel feels felt look looks looked remain remains stay stayed"""
)
DEGREES: Final = word_set("very so too quite more most less as rather fairly extremely really pretty how")
OBJECTS: Final = word_set("me him them us it you myself yourself himself herself itself ourselves themselves")
OBJECT_BEGINS: Final = (
    ARTICLES
    | OBJECTS
    | word_set("my your his her our their its this everything everyone something anything nothing")
)
NOW: Final = word_set("now today immediately soon here")
NUMERALS: Final = word_set(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"""
)
NOUNS_IN_S: Final = word_set("news sports sales series means business class address")
ADVERB_ENDS: Final = word_set("yesterday ago last earlier before already once")
# "to" before these belongs to what stands before it, so that a noun follows.
TO_NOUN: Final = word_set(
    """according due access addition subject contrast opposition response relation regard regards respect close closer
    next similar equal prior back came come went go goes going return returned"""
)
ADJECTIVE_ENDINGS: Final = ("al", "ous", "ive", "ic", "ful", "less", "able", "ible", "ary", "est")
ADJECTIVES: Final = word_set(
    """new old good bad great big small large little long short high low own other same first second third last next
    final only main public private recent world national local global single double full personal human free open
    whole huge early late top best better worst real true common major minor annual legal criminal medical"""
)
FUNCTION_WORDS: Final = DETERMINERS.union(
    PREPOSITIONS, MODALS, HAVES, BES, OBJECTS, PLURAL_SUBJECTS, word_set("and or but to")
)

# --- of one homograph each
LIVE_NOUNS: Final = word_set(
    """music streamed stream tweeted tweet show shows
    concert concerts broadcast broadcasts stream streams streaming audience audiences performance
    performances coverage event events television tv radio recording recordings album band ammunition bait animals wire
    wires chat feed video footage demo debate report reports updates update data traffic match game games session"""
)
WHEN_LIVE: Final = frozenset({"", *word_set("on now from tonight today tomorrow at again across via")})
GO: Final = word_set(
    """go goes went going gone went streamed broadcast broadcasts broadcasting aired airs airing streams streaming
    televised recorded performed performing performs play played playing appeared interviewed reporting watch watched
    watching"""
)
METALS: Final = word_set(
    """paint pipe pipes poisoning metal zinc tin copper iron mercury cadmium toxic exposed shot bullet bullets pencil
    pencils weight weights acid ore solder battery batteries glass crystal exposure molten contaminated"""
)
FISH: Final = word_set(
    "fish fishing fisherman lake river sea caught catch striped largemouth smallmouth trout salmon pike swam swim swims"
)
MUSIC: Final = word_set(
    """guitar guitars guitarist guitarists player players line lines drum drums clef voice singer note notes boost solo
    solos amp part clarinet trombone"""
)
MINES: Final = word_set("mine mines miner miners mining smelter")
NEAR_READING: Final = word_set("england berkshire pennsylvania")
TINY: Final = word_set(
    """amount amounts quantity quantities detail details particle particles trace traces difference differences
    fraction organism organisms changes crystals inspection examination speck specks fragment fragments grain grains
    bubble bubbles crack cracks flaw flaws droplet droplets hole holes scratch scratches"""
)
QUARREL: Final = word_set("blazing furious bitter heated public diplomatic political terrible")
AT_EASE: Final = word_set("happy calm peaceful safe warm healthy quiet relaxed fed")
APART: Final = word_set("along off open apart up down out through into")
OF_MANY: Final = word_set(
    "fell rose failed grew dropped expire expired remain remained need require increased apply"
)
OF_A_READ: Final = word_set(
    "quick easy must fun light fast slow hard heavy nice lovely worthwhile riveting dense enjoyable"
)
READ_BY_MACHINES: Final = word_set(
    "speed speeds latency operation operations write access head error errors request requests replica only rate time"
)
TIMES: Final = word_set(
    """night week weekend month year summer winter spring fall autumn monday tuesday wednesday thursday friday saturday
    sunday"""
)
PLURALS: Final = word_set("children people men women police others some many few kids")
BIDS: Final = word_set(
    "let lets let's make makes made help helps helped watch watched saw see hear heard have had did does if"
)
SHIPS: Final = word_set(
    "ship ship's ships boat boat's vessel vessel's ferry ferry's stern starboard deck yacht yacht's hull"
)
OF_REFUSE: Final = word_set(
    "collection collections collector collectors bin bins disposal truck trucks dump bag bags tip"
)
ALONG: Final = word_set("round through along around past between down up across its")
INJURED: Final = word_set(
    """muscle ligament tendon cuff meniscus hamstring labrum labral calf quad retinal achilles rotator cartilage torn
    partial wear"""
)
EYES: Final = word_set("eye eyes")
WHO_BOWS: Final = word_set("take takes took taking taken low deep final polite slight respectful")
ARROWS: Final = word_set("arrow arrows")
HEADS: Final = word_set("head heads")
WHAT_PROCEEDS: Final = word_set("then now and it")
GAINS: Final = word_set("net gross sale sales auction cash total all ipo")
PROCEEDS_ON: Final = word_set("to with through as along under without by")
COMES_CLOSE: Final = word_set(
    "come came get got keep kept draw stand stood sit sat huddle huddled snuggled pressed crowded packed"
)
IN_CLOSE: Final = word_set(
    """proximity quarters contact attention relatives relative ties cousin range knit encounter encounters
    cooperation relationship relationships combat scrutiny behind"""
)
# The neighbours with which a homograph makes up a noun.
NOUN_AFTER: Final = {
    "use": word_set("fair land drug water energy dual acceptable everyday home substance alcohol tobacco"),
    "extract": word_set(
        "vanilla almond lemon peppermint orange yeast malt plant root seed leaf tea herbal coconut"
    ),
    "produce": word_set("fresh farm seasonal"),
}
NOUN_BEFORE: Final = {
    "use": word_set("case cases"),
    "produce": word_set("aisle section department manager stand stands market markets prices"),
}
POLISH: Final = word_set(
    """team player striker club coach company foreign official officials man woman women men parents
    people government president prime border language zloty army food town city sausage citizens troops parliament
    farmers national side minister capital history immigrants descent economy origin authorities embassy market"""
)
EXPOSED: Final = word_set("exposure exposed exposures")
SUBJECTS: Final = word_set("i you he she we they who it")
CONTENT_WITH: Final = word_set("with to in")
INTO: Final = word_set("into in off under down from for headfirst")
AROUND: Final = word_set("up down around through its their his her round tightly")
