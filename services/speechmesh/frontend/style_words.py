"""A style told in plain words, as what a voice can do of it: its nearest style, rate, pitch and effort.

A table of words, English and Chinese, with what each asks for; "very" asks for more of it, "slightly" for less, and
"not" for nothing. Voices that understand words by themselves need none of this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_CHARS = 500
_MOST_RATE = 1.5  # by words alone


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a word asks for: a factor on the rate, semitones, dB of effort, and names of styles that are like it."""

    rate: float = 1.0
    pitch_semitones: float = 0.0
    energy_db: float = 0.0
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StyleReading:
    """What was made of the words.

    `style` is one of the voice's, empty where none is near; `understood` are the words that asked for something.
    """

    style: str = ""
    rate: float = 1.0
    pitch_semitones: float = 0.0
    energy_db: float = 0.0
    understood: tuple[str, ...] = ()


def _table() -> dict[str, _Asked]:
    rows: list[tuple[_Asked, str]] = [
        (_Asked(rate=0.85), "slow slowly slower unhurried leisurely deliberate 慢 缓慢 慢速 慢慢 从容"),
        (_Asked(rate=1.2), "fast faster quick quickly rapid rapidly hurried brisk 快 快速 急促 飞快 匆忙"),
        (_Asked(pitch_semitones=-2.0), "low lower deep deeper bass 低 低沉 深沉 低音 浑厚"),
        (_Asked(pitch_semitones=2.0), "high higher bright brighter shrill 高 高亢 尖 明亮 清脆"),
        (_Asked(energy_db=4.0), "loud louder forceful powerful emphatic shouting 大声 响亮 有力 强烈"),
        (
            _Asked(energy_db=-4.0, styles=("gentle", "calm")),
            "soft softly quiet quietly muted 轻 轻声 小声 轻柔",
        ),
        (
            _Asked(0.92, -0.5, -6.0, ("gentle", "whisper")),
            "whisper whispering whispered hushed intimate 耳语 悄悄 低语",
        ),
        (
            _Asked(1.05, 1.0, 2.0, ("happy", "pleasure", "satisfied", "cheerful")),
            "happy happily cheerful cheerfully joyful glad bright-eyed smiling friendly 开心 高兴 快乐 愉快 喜悦 友好",
        ),
        (
            _Asked(0.88, -1.0, -3.0, ("sad", "disappointed")),
            "sad sadly sorrowful melancholy mournful gloomy 悲伤 伤心 难过 忧郁 哀伤",
        ),
        (
            _Asked(1.1, 0.5, 5.0, ("angry", "disgruntled", "hate")),
            "angry angrily furious irritated annoyed stern harsh 生气 愤怒 恼火 严厉",
        ),
        (
            _Asked(1.12, 1.5, 3.0, ("excited", "happy", "arousal")),
            "excited enthusiastic energetic lively eager 激动 兴奋 热情 活泼",
        ),
        (
            _Asked(0.93, -0.5, -2.0, ("calm", "relax", "gentle")),
            "calm calmly relaxed soothing peaceful serene composed 平静 放松 安详 舒缓 冷静",
        ),
        (
            _Asked(0.95, 0.0, -2.0, ("gentle", "calm")),
            "gentle gently warm tender kind caring 温柔 温和 温暖 柔和 亲切",
        ),
        (
            _Asked(0.95, -1.0, 1.0, ("serious", "neutral")),
            "serious solemn formal grave authoritative 严肃 庄重 正式 郑重",
        ),
        (
            _Asked(1.1, 1.5, 1.0, ("fear", "anxiety")),
            "afraid fearful scared anxious nervous frightened 害怕 恐惧 紧张 焦虑",
        ),
        (_Asked(1.05, 2.0, 2.0, ("surprise",)), "surprised astonished amazed 惊讶 惊奇 吃惊"),
        (_Asked(0.95, 0.0, 1.0, ("disgust", "disgruntled")), "disgusted 厌恶 反感"),
        (_Asked(0.9, 0.5, 0.0, ("lyrical", "gentle")), "lyrical poetic romantic 抒情 诗意 浪漫"),
        (_Asked(styles=("neutral",)), "neutral plain normal flat matter-of-fact 中性 普通 平淡 自然"),
        (_Asked(0.9, -1.0, -4.0, ("calm",)), "tired sleepy weary bored 疲惫 困倦 无聊 懒洋洋"),
    ]
    return {word: asked for asked, words in rows for word in words.split()}


_ASKED = _table()
_LATIN = re.compile(r"[a-z]+(?:-[a-z]+)*(?:'t)?")
_MORE = frozenset("very really extremely much highly 非常 很 十分 极 特别 更".split())
_LESS = frozenset("slightly somewhat a-bit bit little rather mildly 有点 稍 略 稍微 一点".split())
_NOT = frozenset("not no never less avoid without don't isn't 不 别 没有 不要".split())
# Between a "not" and what it denies: "not too fast", "don't speak so fast", "不要太快".
_BETWEEN = frozenset("too so overly be sound a the speak talk read say it this get 太 过于 那么 这么".split())
_FACTORS = {**dict.fromkeys(_MORE, 1.5), **dict.fromkeys(_LESS, 0.5)}
_LONGEST_CHINESE = 4


def _words(text: str) -> list[str]:
    """Known words and modifiers in order: Latin ones whole, of Chinese the longest known ones."""
    text = text.lower().replace("’", "'")
    chinese = {word for word in (*_ASKED, *_MORE, *_LESS, *_NOT, *_BETWEEN) if not word.isascii()}
    found, at = [], 0
    while at < len(text):
        if latin := _LATIN.match(text, at):
            found.append(latin[0])
            at = latin.end()
            continue
        longest = next(
            (text[at : at + n] for n in range(_LONGEST_CHINESE, 0, -1) if text[at : at + n] in chinese), None
        )
        if longest:
            found.append(longest)
        at += len(longest) if longest else 1
    return found


@dataclass
class _Sum:
    """What the words ask for together."""

    rate: float = 1.0
    pitch_semitones: float = 0.0
    energy_db: float = 0.0
    wishes: dict[str, float] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)

    def add(self, word: str, asked: _Asked, factor: float) -> None:
        self.rate *= asked.rate**factor
        self.pitch_semitones += asked.pitch_semitones * factor
        self.energy_db += asked.energy_db * factor
        for rank, style in enumerate(asked.styles):
            self.wishes[style] = self.wishes.get(style, 0.0) + factor / (1 + rank)
        self.understood.append(word)


def read_style(instruction: str, styles: Sequence[str]) -> StyleReading:
    """What a voice with these styles can do of an instruction. Nothing is understood where `understood` is empty."""
    total, factor, denied = _Sum(), 1.0, False
    for word in _words(instruction):
        if word in _NOT:
            denied = True
        elif word in _FACTORS:
            factor = _FACTORS[word]
        elif asked := _ASKED.get(word):
            if not denied:
                total.add(word, asked, factor)
            factor, denied = 1.0, False
        elif word not in _BETWEEN:
            factor, denied = 1.0, False
    near = {style: wish for style, wish in total.wishes.items() if style in styles}
    style = max(near, key=lambda name: near[name]) if near else ""
    rate = min(max(total.rate, 1.0 / _MOST_RATE), _MOST_RATE)
    return StyleReading(style, rate, total.pitch_semitones, total.energy_db, tuple(total.understood))
