"""Measure words: what follows a number tells how 2 is read, and that the number counts."""

from __future__ import annotations

import re
from typing import Final

_COUNTERS: Final = """
    个 位(?!数|置|于) 名(?!次) 人 只 条 张 本(?!科) 件 块 双 对(?!于|\\d) 天(?!津) 周(?!年级) 岁 小时 分钟 秒
    米(?!兰|德)
    公里 千米 厘米 毫米 斤 公斤
    千克 毫克 克(?!罗|里) 吨 升 毫升 元(?!宝|旦) 角 毛 次(?!方|元) 场 倍 种 类 家 间 座 栋 幢 辆 台 部 架 艘
    把 杯 瓶 碗 盒 包 袋
    箱 套 份 篇 首 句 段 行
    点(?!\\d) 分(?!机|店|校|行) 刻 夜 晚 步 组 队 成(?!都|人|立|功) 半
    门(?!兴) 节 课 道 题 股 颗 粒 根 枝 支 片 幅 面 头 匹 群 排 列 字 国(?!安|际|米|奥)
    省 市 县 度 寸 尺 里
    亩 平方 立方 美元 欧元 英镑 日元 港元 卢布 卢比 泰铢 韩元 法郎 加元 澳元 美分 株 棵 朵 封 盏 顶 滴
    口 声 遍 趟 回 顿 番 笔 项
    款 样 轮 圈 枚 处 批 车 桶 罐 卷 册 户 桌 席 餐 站(?!台|点) 局 盘 票 集 季(?!度) 万 千 百万 千万 亿 年(?!级|代) 者
    方 边 侧 端 米(?!兰|德) 公顷 海里 英里
    勺 匙 汤匙 茶匙 撮 瓣 碟 锅 壶 听(?=可乐|啤酒|饮料) 届 记(?!者|录|得) 代人 辈子 起(?=事|案|交|火|纠) 宗 桩
    则(?=消|新|通|公|笑|故) 通(?=电) 例(?!如|外) 剂 针 串 筐 篮(?!球|板) 捆 叠 摞 沓 扇(?=[门窗]) 堵(?=墙)
    副(?!总|校|局|主)
    幕(?=戏) 出(?=戏) 阵 缕 堆 摊 堂(?=课) 所 重(?=[天保]) 岸 星期 礼拜 钟头 丈(?!夫) 光年 加仑 床(?=被)
    峰(?=骆) 巴掌
    层(?=楼|小楼|别墅|被|口罩) 日游 球 胜 连(?=胜|败|冠) 梯(?=\\d户) 英尺 英寸 磅 盎司 赫 瓦 伏 摄氏度 居室
    字节 帧 像素 人次 页 拍 跳 毫秒 微米 纳米
""".split()
_COUNTED: Final = re.compile("|".join(_COUNTERS))
# They count too, but 2 before them is 二: 二级, 二层.
_ORDERED: Final = re.compile(
    "级|层|期|届|多|余|来个|几|倍|％|%|以上|以下|左右|以内|之间|路|号|楼|环|月|日(?!本)"
)


def counts(text: str, at: int) -> bool:
    """Whether a measure word stands at `at` of the text."""
    return bool(_COUNTED.match(text, at) or _ORDERED.match(text, at))


def takes_liang(text: str, at: int) -> bool:
    """Whether 2 is 两 before what stands at `at`."""
    return bool(_COUNTED.match(text, at))
