"""What abbreviations stand for, and what must follow them to be read so."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Follows(enum.Enum):
    """What must come after an abbreviation."""

    ANYTHING = enum.auto()
    NAME = enum.auto()
    """A capitalised word that does not begin a sentence by itself."""
    NUMBER = enum.auto()
    NO_CAPITAL = enum.auto()
    COLON = enum.auto()
    """The abbreviation is a label."""
    PREPOSITION = enum.auto()
    YEAR = enum.auto()


class Abbreviation(NamedTuple):
    """One reading of an abbreviation.

    Attributes:
        words: what is said.
        follows: what must come after it.
        may_end: whether its full stop may end the sentence as well.
        bare: whether it is also read so without its full stop.
    """

    words: str
    follows: Follows = Follows.ANYTHING
    may_end: bool = False
    bare: bool = False


_BARE_NUMBERED = """
Vol volume; vol volume; Fig figure; fig figure; Figs figures; figs figures; Ch chapter; pp pages; pg page;
Pg page; ext extension; Ext extension; Apt apartment; apt apartment; Ste suite; Rm room; Eq equation;
eq equation; Rte route; Hwy highway; Bldg building; Nos numbers; Nr number; nr number; Lv level; Lvl level;
lvl level; Ver version; Dkt docket; Flt flight; flt flight; wt weight; Wt weight; ht height; Ht height
"""
_NUMBERED = """
Rt route; No number; no number; nos numbers; ch chapter; Sec section; sec section; Art article; art article; p page;
c circa; ca circa; est established; Est established; Op opus; op opus; par paragraph; para paragraph;
Para paragraph; ver version; v version; Pt part; pt part; Tel telephone; tel telephone; rm room; Ph phone;
ph phone; Dept department; Fl floor; Ex exercise; qn question; Q question;
Tab table; Tabs tables; tbl table; Tbl table; Dist district; Pct precinct;
Prop proposition; Ep episode; ep episode; Eps episodes; eps episodes;
Rom romans; Matt matthew; Ps psalm; Gen genesis; Isa isaiah; Rev revision; Cat category; cat category; cl clause;
col column; cols columns; App appendix; app appendix; pop population; Pop population;
exp expires; Exp expires; Plat platform;
plat platform; dep departs;
Dep departs; arr arrives; Arr arrives; Elev elevation; elev elevation; Sgt sergeant; chap chapter; Chap chapter
"""
_LETTERED = "Ex exhibit; Exh exhibit"
_LABELS = """
Tel telephone; tel telephone; Attn attention; Ref reference; Qty quantity; Dept department; Approx approximately;
Avg average; Dist distance;
Wt weight; Ht height; Est estimated; Appt appointment; Addr address; Amt amount; Ext extension;
Temp temperature; Pop population; Fwd forward; FWD forward; Fw forward; FW forward
"""
_DATED = "est established; Est established"
_BEFORE_YEARS = "b born; d died; r reigned; fl flourished"
_POLITE = "Mr mister; Mrs missus; Ms miz; Mx mix; Messrs messers"
_TITLES = """
Prof professor; Sts saints; Gen general; Col colonel; Lt lieutenant; Sgt sergeant; Capt captain; Rev reverend;
Hon honorable; Gov governor; Sen senator; Rep representative; Pres president; Cmdr commander; Maj major;
Mt mount; Ft fort; Adm admiral; Cpl corporal; Pvt private; Supt superintendent; Atty attorney;
Msgr monsignor; Det detective; Insp inspector; Cllr councillor; Fr father;
Mme madame; Mlle mademoiselle; Drs doctors; Pfc private first class; Spc specialist; Cpt captain; Brig brigadier
"""
_DOTTED_TITLES = """
adj adjusted; Reg regulation; Conf conference; Dkt docket; Suppl supplementary; Wm william; Chas charles; Thos thomas;
Jas james; Geo george;
Pt point; v versus; Assoc associate; Asst assistant; Br brother; Dep deputy; Vit vitamin; vit vitamin; Lv leave;
Arr arrive; arr arrive
"""
_BEFORE_LOWER = """
approx approximately; Approx approximately; avg average; Avg average; dept department; govt government; Govt government;
temp temperature; misc miscellaneous; appt appointment; incl including; excl excluding; resp respectively;
ref reference; orig original; max maximum; min minimum; Max maximum; Min minimum; qty quantity;
Qty quantity; mgr manager; est estimated; ed edition; asst assistant; univ university; ft feet; lb pounds;
lbs pounds; oz ounces; hr hour; hrs hours; sec second; secs seconds; mins minutes; yrs years; yr year;
eg for example; ie that is; mo month; mos months; wk week; ext extension; tel telephone; poss possibly; prob probably;
Est estimated; intl international; natl national; abbr abbreviated; assoc associate; tsp teaspoon;
tbsp tablespoon; nat'l national; int'l international; acct account; Acct account; amt amount; bldg building;
apt apartment; co company; doc document; docs documents; pts points; agg aggregate; pkg package; pkgs packages;
med medium; pt patient; encl enclosed; attd attached;
lg large; wt weight; ht height; Pt patient; blk block; blks blocks; tbsps tablespoons; Tbsps tablespoons;
tsps teaspoons; vol volume;
yd yard; yds yards; gal gallon; qt quart
"""
_INLINE = """
Bd board; Dir director; edn edition; cf compare; viz namely; vs versus; Vs versus; attn attention;
Attn attention; Assn association; Vols volumes; vols volumes;
Natl national; Intl international; approx approximately; Tel telephone; Adj adjusted;
Pls please; pls please; Plz please; plz please
"""
_ENDING = """
ea each; Jr junior; Sr senior; Inc incorporated; Ltd limited; Co company; Corp corporation; Bros brothers;
Ave avenue; Blvd boulevard; Rd road; Ln lane; Ct court; Pl place; Hwy highway; Pkwy parkway; Sq square;
Dept department; Esq esquire; Mfg manufacturing; Ter terrace; Cir circle; Trl trail; Fwy freeway;
Expy expressway; Univ university; Assoc associates; al al; etc et cetera
"""
_BARE = """
mtg meeting; mtgs meetings; mgr manager; mgrs managers; qtr quarter; qtrs quarters; amt amount; amts amounts;
avg average; acct account; accts accounts; appt appointment; appts appointments; depts departments; bldgs buildings
"""
_BARE_AFTER_NAME = """
Ave avenue; Blvd boulevard; Rd road; Ln lane; Hwy highway; Pkwy parkway; Jr junior; Sr senior;
Inc incorporated; Ltd limited; Corp corporation; Ct court; Dept department;
Pl place; Ter terrace; Cir circle; Trl trail; Fwy freeway; Expy expressway
"""


def _entries(text: str) -> dict[str, str]:
    pairs = (entry.strip().split(" ", 1) for entry in text.replace("\n", " ").split(";"))
    return {short: words.strip() for short, words in pairs}


def _table() -> dict[str, tuple[Abbreviation, ...]]:
    # Where one abbreviation means several things, the pickiest meaning is tried first.
    groups = (
        (_BARE_NUMBERED, Abbreviation("", Follows.NUMBER, bare=True)),
        (_NUMBERED, Abbreviation("", Follows.NUMBER)),
        (_LETTERED, Abbreviation("", Follows.NUMBER)),
        (_LABELS, Abbreviation("", Follows.COLON, bare=True)),
        (_BEFORE_YEARS, Abbreviation("", Follows.YEAR)),
        (_DATED, Abbreviation("", Follows.PREPOSITION)),
        (_POLITE, Abbreviation("", bare=True)),
        (_TITLES, Abbreviation("", Follows.NAME, bare=True)),
        (_DOTTED_TITLES, Abbreviation("", Follows.NAME)),
        (_BEFORE_LOWER, Abbreviation("", Follows.NO_CAPITAL)),
        (_INLINE, Abbreviation("")),
        (_ENDING, Abbreviation("", may_end=True)),
        (_BARE, Abbreviation("", may_end=True, bare=True)),
    )
    table: dict[str, tuple[Abbreviation, ...]] = {}
    for text, kind in groups:
        for short, words in _entries(text).items():
            table[short] = (*table.get(short, ()), kind._replace(words=words))
    return table


ABBREVIATIONS = _table()
"""The readings of each abbreviation, as written without its full stop."""

BARE_AFTER_NAME = _entries(_BARE_AFTER_NAME)
"""Read so without a full stop after a name: "Fifth Ave"."""
