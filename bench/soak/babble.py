"""Random text, English and Mandarin, of so many words: common words, made-up names, figures, dates, money."""

from __future__ import annotations

import random
import re

from bench.texts import MIXED, THOUSAND

_ENGLISH: list[str] = sorted(
    {word.lower() for text in (*MIXED, THOUSAND) for word in re.findall(r"[A-Za-z']+", text)}
)
_ONSETS = "b br ch d dr f g gl h j k kr l m n p pr r s sh st t th v w z".split()
_RHYMES = "ab ack all an ard ast eb eld en erm ick ill in ish ob old om ond orn ub ull um ust".split()
_MANDARIN = (
    "我们 你们 他们 今天 明天 昨天 早上 晚上 现在 以后 天气 时间 朋友 老师 学生 孩子 医生 城市 北京 上海 学校 公司 "
    "银行 车站 机场 图书馆 电话 手机 电脑 音乐 电影 新闻 问题 办法 消息 音 水 饭 茶 书 门 山 海 河 路 花 树 鸟 "
    "去 来 看 听 说 想 要 买 卖 走 跑 坐 站 开 关 等 找 知道 喜欢 觉得 希望 开始 结束 准备 介绍 帮助 学习 工作 休息 "
    "很 非常 已经 还 也 都 再 常常 大概 高 低 大 小 新 旧 快 慢 漂亮 便宜 重要 安静 容易 行 长 银行行长 "
    "一个 两杯 三本 几位 和 但是 因为 所以 如果 的 了 吗 在 到 从 对 把"
).split()
_CHARACTERS = "安白春东方光国海和红华江金军兰林龙明平青秋山书水天文小新雪雅永玉云志中子"
_FINAL_MARKS = ".....?!"
_MANDARIN_MARKS = {".": "。", "?": "？", "!": "！", ",": "，"}


class Babble:
    """Makes texts; equal dice, equal texts."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def english(self, n_words: int) -> str:
        """One to three sentences of `n_words` words and figures together."""
        words = self._sentences([self._english_word() for _ in range(n_words)], ",")
        return " ".join(words)

    def mandarin(self, n_words: int) -> str:
        """The same in Chinese characters."""
        words = "".join(self._sentences([self._mandarin_word() for _ in range(n_words)], ","))
        return "".join(_MANDARIN_MARKS.get(character, character) for character in words)

    def _sentences(self, words: list[str], comma: str) -> list[str]:
        """The words with marks after some of them, and one after the last."""
        dice = self._dice
        for index in range(3, len(words) - 3):
            chance = dice.random()
            if chance < 0.04:
                words[index] += dice.choice(_FINAL_MARKS)
            elif chance < 0.14:
                words[index] += comma
        words[-1] += dice.choice(_FINAL_MARKS)
        words[0] = words[0][0].upper() + words[0][1:]
        return words

    def _english_word(self) -> str:
        dice = self._dice
        kind = dice.random()
        if kind < 0.85:
            return dice.choice(_ENGLISH)
        if kind < 0.93:
            return "".join(dice.choice(_ONSETS) + dice.choice(_RHYMES) for _ in range(2)).capitalize()
        n = dice.randrange(1, 10_000)
        return dice.choice(
            (f"{n}", f"${n}", f"{n % 100}%", f"{n % 12 + 1}:{n % 60:02} PM", f"May {n % 31 + 1}")
        )

    def _mandarin_word(self) -> str:
        dice = self._dice
        kind = dice.random()
        if kind < 0.85:
            return dice.choice(_MANDARIN)
        if kind < 0.93:
            return "".join(dice.choices(_CHARACTERS, k=2))
        n = dice.randrange(1, 10_000)
        return dice.choice(
            (f"{n}", f"{n}元", f"{n % 100}%", f"{n % 12 + 1}点", f"{n % 12 + 1}月{n % 28 + 1}日")
        )
