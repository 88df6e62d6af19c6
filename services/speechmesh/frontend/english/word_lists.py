"""Words whose spelling does not say how they are read: acronyms, initialisms, respellings."""

from __future__ import annotations

ACRONYMS = frozenset(
    str.split(
        """
    aids ansi arpa ascii bafta basic bert bios brexit captcha cern clip cobol covid cuda daca darpa dos
    ebitda fafsa fema fica fide fifa gan gatt gif gnu hamas hipaa ikea interpol isis kaist lamp lan
    laser lego leed lidar lisp maga mensa mers midi moma nafta nand nasa nasdaq nato navstar nimby noaa
    noma nor opec osha pac pemdas peta pin pisa potus radar raid ram rom rag rest salt sap sars scotus
    scuba sim sipri snap soap soho sonar swat taser tarp tesol toefl uefa unesco unicef visa wan wasp
    wic yaml yolo fomo zip zoom dvorak qwerty unix linux fortran ajax crud roth nascar nabisco geico
    epcot norad acela amtrak delf dele lasik medevac mash moca naacho nad nima oled olap
    """
    )
)
"""Capitals that are nevertheless read as one word."""

INITIALISMS = frozenset(
    str.split(
        """
    aa aba abc ac acl aclu adhd ai am aol api asap atm aws bbc bbq bc bce bmw cbs cd ceo cfo cia cio cnn
    coo cpa cpr cpu cso css cto cv dc dc diy dj dna dns dvd edt eft ekg er esl esp espn est eta etf eu
    ev faq fbi fda fm fyi gdp gmo gop gps gpu hbo hdmi hiv hoa hp hq hr html http https ibm id iq ira
    irs isp iv ivf jfk kfc kgb kpi lapd lcd led lgbt lgbtq llc llm lp mba mc mit mlb mms mp mph mri ms
    mtv mvp nba nbc ncaa nfl ngo nhl nhs nlp npr nra nsa nyc nypd ocd oecd ok os pbs pc pda pdf pdt phd
    pm pms pr ps pst ptsd qa qr rip rna rpg rsvp rv sat sdk seo sms sos sql ssd ssl ssn suv tb tbd tcp
    tgif tls tnt tsa tts tv uae ufo ui uk un upc ups url us usa usb usda usps usmca utc ux vat vhs vip
    vp vpn vr wifi www xml yiyo ymca
    """
    )
)
"""Spelled out even where everything is in capitals."""

COMMON_WORDS = frozenset(
    str.split(
        """
    a able about above act add after again age ago aid air all alone along also am among an and angry
    any apply are area arm army art as ask at ate away baby back bad bag ball ban band bank bar base
    be bear beat bed been beer begin being below best bet big bike bill bird bit black blue board boat
    body book born both box boy bread break bring brown build burn bus busy but buy by cake call came
    can cannot car card care case cash cat catch cause chair cheap check child city class clean clear
    click climb clock close cloud club coat code coffee cold color come cook cool copy cost could count
    court cover cry cup cut daily dance dark data date day days dead deal dear death deep did die do
    does dog done door down draft draw dream dress drink drive drop dry due each early earth east easy
    eat egg eight empty end enjoy enter error even event ever every exit extra eye face fact fail fair
    fall false far farm fast fat fear feel feet fell felt few fight file fill film final find fine fire
    first fish five fix floor fly food foot for force found four free fresh from front fruit full fun
    game gas gave get gift girl give glad glass go goal god goes gold gone good got grand great green
    group grow guess guy had hair half hall hand hang happy hard has hat hate have he head hear heart
    heat heavy held hell hello help her here hey hi high hill him his hit hold hole home hope horse host
    hot hotel hour house how huge human hurry hurt i ice idea if in info inner input into is it its job
    join joke jump june july just keep kept key kid kids kill kind king knew know known lady lake land
    large last late later laugh law lay lead learn least leave left leg less let level lie life light
    like line list live load local lock log long look lord lose loss lost lot loud love low luck lunch
    made mail main make male man many map mark may maybe me mean meat media meet men menu met might mile
    milk mind mine miss mode model mom money month moon more most mouth move movie much music must my
    name near neck need never new news next nice night nine no noise none nor north nose not note now
    off offer office often oh oil old on once one only onto open or order other our out over own page
    paid pain paper park part party pass past path pay peace pen people per phone photo pick piece place
    plan plant play plus point pool poor post power press price proof pull pure push put queen quick
    quiet quit quite radio rain ran rate read ready real red rest rich ride right ring rise river road
    rock role room rule run sad safe said sale same sand save saw say sea seat see seem seen self sell
    send sent set seven sex shall shape share she ship shirt shoe shop short shot should show shut sick
    side sign since sing sir sit site six size skin sky sleep slow small smart smell smile snow so soft
    sold some son song soon sorry sound south space speak speed spend sport spot staff stage stand star
    start state stay step still stop store story study such sugar sun sure table take talk tall tax tea
    teach team tell ten test text than thank thanks that the their them then there these they thing
    think third this those three time tiny tip tired title to today todo told too took tool top total
    touch tough tour town toy trade train tree trip true trust truth try turn twice two type ugly uncle
    under until up upon urban use used user usual very video view visit vote wait wake walk wall want
    war warm wash waste watch water way we wear week well went were west wet what when where which while
    white who whole whom whose why wide wife wild will win wind wine wing wish with woman won wood word
    wore work world worse worst would wow write wrong yard yeah year yes yet you young your yours zero
    york rome oslo lima cuba iran iraq peru utah ohio iowa asia kyiv doha baku delhi
    alert await debug fatal agent admin tips steps notes ages pros cons beta alpha spam panic lol
    wtf-not max win pro web app net air mac one day top key bot chat
    """
    )
) - {"wtf-not"}
"""Words of up to five letters that people write in capitals for emphasis."""

RESPELLED = {
    "aka": "A K A", "asap": "A S A P", "bbq": "barbecue", "btw": "by the way", "chatgpt": "chat G P T",
    "cmos": "see moss", "dram": "D ram", "ebay": "E bay", "etc": "et cetera", "fwiw": "for what it's worth",
    "faqs": "F A Q's", "gmail": "G mail", "gmat": "gee mat", "gui": "gooey", "ieee": "I triple E",
    "imho": "in my humble opinion", "imo": "in my opinion", "ios": "I O S", "ipad": "I pad",
    "iphone": "I phone", "ipod": "I pod", "itunes": "I tunes", "jpeg": "jay peg", "jpg": "jay peg",
    "json": "jason", "latex": "latex", "linkedin": "linked in", "lsat": "L sat", "mcat": "M cat",
    "mp": "M P", "mpeg": "em peg", "mph": "miles per hour", "naacp": "N double A C P",
    "ncaa": "N C double A", "nginx": "engine X", "numpy": "num pie", "ok": "okay", "omg": "oh my god",
    "phd": "P H D", "png": "P N G", "pytorch": "pie torch", "scipy": "sigh pie", "sram": "S ram",
    "tldr": "T L D R", "vram": "V ram", "vs": "versus", "wifi": "why fie", "wysiwyg": "wizzy wig",
    "youtube": "you tube", "aaa": "triple A", "tts": "T T S", "nvidia": "en vidia", "xbox": "ex box",
    "readme": "read me", "onnx": "onyx", "rpc": "R P C", "grpc": "G R P C", "sudo": "soo doo",
    "rock'n'roll": "rock and roll", "y'all": "y'all", "id": "I D", "ids": "I D's", "tv": "T V",
    "tvs": "T V's", "usb": "U S B", "http": "H T T P", "https": "H T T P S", "url": "U R L",
    "urls": "U R L's", "api": "A P I", "apis": "A P I's", "pdf": "P D F", "pdfs": "P D F's",
    "html": "H T M L", "css": "C S S", "gpu": "G P U", "gpus": "G P U's", "cpu": "C P U",
    "cpus": "C P U's", "fbi": "F B I", "cia": "C I A", "mri": "M R I", "faq": "F A Q", "atm": "A T M",
    "gps": "G P S", "ceo": "C E O", "ceos": "C E O's", "mrna": "M R N A", "usa": "U S A", "diy": "D I Y",
    "etas": "E T A's", "sql": "S Q L", "mysql": "my S Q L", "postgresql": "postgres Q L", "wechat": "we chat",
    "dj": "D J", "mig": "mig", "thx": "thanks", "pls": "please", "plz": "please", "ur": "your", "qty": "quantity",
    "dept": "department", "govt": "government", "mgmt": "management", "pkg": "package", "approx": "approximately",
    "msg": "message", "msgs": "messages", "llama": "llama", "ppl": "people", "pcs": "pieces", "tbh": "to be honest",
    "iot": "I O T", "oauth": "O auth", "saas": "sass", "ctrl": "control", "cmd": "command", "gov't": "government",
    "cont'd": "continued",
    "int'l": "international", "nat'l": "national", "idk": "i don't know", "phds": "P H D's",
    "llm": "L L M", "llms": "L L M's", "tmrw": "tomorrow", "tmr": "tomorrow", "avg'd": "averaged",
    "add'l": "additional", "wwii": "world war two", "wwi": "world war one",
    "hrs": "hours", "hx": "history", "dx'd": "diagnosed", "svc": "service",
    "fyi": "F Y I", "iirc": "if i recall correctly", "afaik": "as far as i know", "omw": "on my way",
    "paas": "pass", "pcie": "P C I E", "nvme": "N V M E", "mkt": "market", "sirna": "S I R N A",
    "jax": "jax", "lan": "lan", "vlan": "V lan", "nat": "nat", "imap": "imap", "sip": "sip", "voip": "voip",
    "tiff": "tiff", "raw": "raw", "epub": "E pub", "asic": "asic", "asics": "asics", "lidar": "lidar", "lora": "lora",
    "roberta": "roberta",
    "ttyl": "T T Y L", "tysm": "T Y S M", "yoy": "year over year", "qoq": "quarter over quarter",
}  # fmt: skip
"""Spellings that a dictionary of sounds reads better, by their lower-case form."""

VOWELLESS_WORDS = frozenset(
    str.split(
        """
    hmm hm hmmm shh shhh psst pst brr brrr grr grrr pfft tsk nth zzz mmm mm mhm cwm crwth hmph phew ng
    sh th
    """
    )
)
"""Lower-case words without a vowel that are sounds, not abbreviations."""

SENTENCE_STARTERS = frozenset(
    str.split(
        """
    a after all also although an and another any are as at because before being both but by can click
    could did do does each every for from go had has have he her here his how however i if in is it its
    let let's many maybe meanwhile most my next no not now of on once one or our perhaps please since
    she should so some such thank thanks that the their then there these they this those though to today
    tomorrow turn two under until was we were what when where which while who whose why will with would
    yes yesterday yet you your
    """
    )
)
"""Capitalised after an abbreviation's full stop, these begin a sentence."""

CITED = frozenset(str.split("c bus cap caps cent cert id lat loc lon long max min no rev tab tabs"))
"""Words that may be abbreviations before a full stop, as their neighbours tell."""

HAVE_NUMBERS = frozenset(
    str.split(
        """
    account acct bug case claim confirmation contact customer document fax file flight id invoice issue item licence
    license loan lot member mobile model order part passport phone plate policy product ref reference reg registration
    room serial telephone ticket tracking
    """
    )
)
"""What has a number by which it is called."""

NUMERALS = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "xiii"})
"""Words that may be Roman numerals."""

NAME_PREFIXES = frozenset(
    str.split(
        """
    Mc Mac De Di Da Du La Le Lo Van Von Fitz O Des El Al San St Ver Mar
    """
    )
)
"""What may stand before an inner capital in a personal name: McDonald, LeBron."""
