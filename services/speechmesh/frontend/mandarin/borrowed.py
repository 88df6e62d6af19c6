"""English words in syllables of Mandarin, for voices that have no other phones: hello is ha1 lou4.

As names are transcribed: a vowel takes the consonant before it and a nasal behind it into the nearest syllable that
Mandarin has; every other consonant becomes a light syllable of its own. The stressed vowel falls (4), what comes before
it is high (1), what comes after it is neutral (5) unless its vowel is a full one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from speechmesh.frontend.english.g2p import shared_g2p
from speechmesh.frontend.english.phones import Phones, is_vowel
from speechmesh.frontend.english.syllables import syllables_of

CACHE_WORDS: Final = 8_192

_INVENTORY: Final = frozenset(
    """
    a ai an ang ao e ei en er ou ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can
    cang cao ce cen ceng ci cong cou cu cui cun cuo cha chai chan chang chao che chen cheng chong chou chu chui
    chun chuo da dai dan dang dao de dei den deng di dian diao die ding diu dong dou du dui dun duo fa fan fang
    fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gui gun guo ha hai han hang hao he
    hei hen heng hong hou hu hui hun huo ji jia jian jiao jie jin jing jiu ka kai kan kang kao ke kei ken keng
    kong kou ku kui kun kuo la lai lan lang lao le lei leng li lian liao lie lin ling liu long lou lu lun luo ma
    mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao ne nei nen neng
    ni nian niao nie nin ning niu nong nou nu nuo pa pai pan pang pao pei pen peng pi pian piao pie pin ping po
    pou pu qi qia qian qiao qie qin qing qiu ran rang rao re ren reng rong rou ru rui run ruo sa sai san sang
    sao se sen seng song sou su sui sun suo sha shai shan shang shao she shei shen sheng shou shu shui shun shuo
    ta tai tan tang tao te teng ti tian tiao tie ting tong tou tu tui tun tuo wa wai wan wang wei wen weng wo wu
    xi xia xian xiao xie xin xing xiu ya yan yang yao ye yi yin ying yong you yun za zai zan zang zao ze zei zen
    zeng zong zou zu zui zun zuo zha zhai zhan zhang zhao zhe zhei zhen zheng zhong zhou zhu zhui zhun zhuo
    """.split()
)
# The nearest first. The second is for the vowels that the first does not go with: s a, but x i.
_INITIALS: Final = {
    **{
        "s": "s x",
        "z": "z j",
        "sh": "sh x",
        "zh": "r j",
        "ch": "ch q",
        "jh": "zh j",
        "th": "s x",
        "dh": "d z",
    },
    **{"k": "k q", "g": "g j", "hh": "h x", "v": "w f", "r": "r l"},
}
# Finals of each vowel: alone, before n, before ng.
_FINALS: Final = {
    **{
        "aa": ("a", "an", "ang"),
        "ae": ("ai a", "an", "ang"),
        "ah": ("a", "an", "ang"),
        "aw": ("ao a", "ang", "ang"),
    },
    **{"ao": ("ao uo o", "ang eng", "ong ang eng"), "ax": ("e o a", "en un an", "eng"), "ay": ("ai", "", "")},
    **{"eh": ("ei ai e", "en ian an", "eng"), "er": ("e o uo", "en un an", "eng"), "ey": ("ei ai e", "", "")},
    **{
        "ih": ("i ei", "in ing en", "ing eng"),
        "iy": ("i ei", "in ing en", "ing eng"),
        "oy": ("uo o ao", "", ""),
    },
    **{"ow": ("ou o uo", "ong eng", "ong eng"), "uh": ("u", "un en", "ong"), "uw": ("u", "un en", "ong")},
}
_FULL: Final = frozenset("aa ae ao aw ay eh ey iy ow oy uw".split())
_DARK_L: Final = frozenset("ax ah uh".split())
_BARE: Final = {
    **{"i": "yi", "ian": "yan", "in": "yin", "ing": "ying", "iu": "you", "o": "wo", "u": "wu", "un": "wen"},
    "uo": "wo",
}
_LIGHT: Final = {
    **{
        "p": "pu",
        "b": "bu",
        "t": "te",
        "d": "de",
        "k": "ke",
        "g": "ge",
        "f": "fu",
        "v": "fu",
        "s": "si",
        "z": "zi",
    },
    **{
        "sh": "shi",
        "zh": "ri",
        "ch": "qi",
        "jh": "ji",
        "th": "si",
        "dh": "zi",
        "m": "mu",
        "n": "en",
        "ng": "eng",
    },
    **{"l": "er", "r": "er", "w": "wu", "y": "yi", "hh": "he"},
}
_MERGED: Final = {("t", "s"): "ci", ("d", "z"): "zi"}
_APICAL: Final = frozenset("z c s zh ch sh r".split())
_PALATAL: Final = frozenset("j q x".split())
_BEFORE, _STRESSED, _AFTER = "1", "4", "5"


@lru_cache(maxsize=CACHE_WORDS)
def borrowed(word: str) -> tuple[str, ...]:
    """The syllables of an English word of `[a-z']` in numbered pinyin; none for a word without a sound."""
    said: list[str] = []
    stressed = False
    for syllable in syllables_of(shared_g2p().phones(word)):
        at = next((i for i, phone in enumerate(syllable) if is_vowel(phone)), None)
        if at is None:
            said += [name + _BEFORE for name in _consonants(syllable)]
            continue
        light = _AFTER if stressed else _BEFORE
        stressed = stressed or syllable[at].endswith("1")
        full = syllable[at][:-1] in _FULL and light == _AFTER
        tone = _STRESSED if syllable[at].endswith("1") else _BEFORE if full else light
        before, core, after = _syllable(syllable, at)
        said += [name + light for name in before]
        said += [core + tone]
        said += [name + (_AFTER if stressed else _BEFORE) for name in after]
    return tuple(said)


def _syllable(phones: Phones, at: int) -> tuple[list[str], str, list[str]]:
    """What stands before the vowel, the syllable of the vowel, and what stands behind it."""
    vowel = phones[at][:-1]
    onset, coda = phones[:at], phones[at + 1 :]
    glide = len(onset) > 1 and onset[-1] == "y"
    if glide and vowel in ("uw", "uh") and (core := _nearest(onset[-2], "iu")):
        return list(_consonants(onset[:-2])), core, list(_consonants(coda))
    initial = onset[-1] if onset else ""
    before = list(_consonants(onset[:-1]))
    if initial == "y" and vowel in ("uw", "uh"):
        return before, "you", list(_consonants(coda))
    alone, with_n, with_ng = _FINALS[vowel]
    nasal = {"n": with_n, "ng": with_ng}.get(coda[0] if coda else "", "")
    if nasal and (core := _nearest(initial, nasal)):
        return before, core, list(_consonants(coda[1:]))
    if coda[:1] == ("l",) and vowel in _DARK_L and (core := _nearest(initial, "ou o")):
        return before, core, list(_consonants(coda[1:]))
    if vowel == "er" and not initial:
        return before, "er", list(_consonants(coda))
    tail = ["yi"] if vowel == "oy" else []
    core = _nearest(initial, alone)
    if not core and vowel == "ay":  # f ay as fa yi
        core, tail = _nearest(initial, "a"), ["yi"]
    if not core:
        before, core = [*before, *_consonants(onset[-1:])], _nearest("", alone)
    return before, core, tail + list(_consonants(coda))


def _nearest(initial: str, finals: str) -> str:
    """The first syllable that Mandarin has of an English consonant and one of these finals; "" when it has none."""
    initials = _INITIALS.get(initial, initial).split() or [""]
    for final in finals.split():
        for name in initials:
            syllable = _spelled(name, final)
            if syllable in _INVENTORY:
                return syllable
    return ""


def _spelled(initial: str, final: str) -> str:
    """Pinyin's spelling; "" for what would be read otherwise, as si and ju are."""
    if not initial:
        return _BARE.get(final, final)
    if (initial in _APICAL and final == "i") or (initial in _PALATAL and not final.startswith("i")):
        return ""
    if initial == "w" and final == "uo":
        return "wo"
    if initial == "y" and final.startswith("i"):
        return "y" + (final if final in ("i", "in", "ing") else final[1:])
    return initial + final


def _consonants(phones: Sequence[str]) -> Iterator[str]:
    """Consonants as syllables of their own; t s is one."""
    i = 0
    while i < len(phones):
        pair = tuple(phones[i : i + 2])
        if pair in _MERGED:
            yield _MERGED[pair]
            i += 2
            continue
        yield _LIGHT[phones[i]]
        i += 1
