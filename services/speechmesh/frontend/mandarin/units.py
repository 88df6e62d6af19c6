"""Symbols of units and how they are read."""

from __future__ import annotations

import re
from typing import Final

UNITS: Final[dict[str, str]] = {
    **{"KG": "千克", "Kg": "千克", "KM": "公里", "Km": "公里", "CM": "厘米", "MM": "毫米"},
    **{
        "km": "公里",
        "m": "米",
        "dm": "分米",
        "cm": "厘米",
        "mm": "毫米",
        "μm": "微米",
        "um": "微米",
        "nm": "纳米",
    },
    **{
        "kg": "千克",
        "g": "克",
        "mg": "毫克",
        "μg": "微克",
        "ug": "微克",
        "t": "吨",
        "lb": "磅",
        "lbs": "磅",
        "oz": "盎司",
    },
    **{
        "L": "升",
        "l": "升",
        "ml": "毫升",
        "mL": "毫升",
        "ML": "毫升",
        "dl": "分升",
        "dL": "分升",
        "cc": "毫升",
    },
    **{
        "m²": "平方米",
        "km²": "平方公里",
        "cm²": "平方厘米",
        "mm²": "平方毫米",
        "m2": "平方米",
        "km2": "平方公里",
    },
    **{"m³": "立方米", "cm³": "立方厘米", "m3": "立方米", "cm3": "立方厘米", "dm³": "立方分米", "ha": "公顷"},
    **{
        "h": "小时",
        "hr": "小时",
        "hrs": "小时",
        "min": "分钟",
        "mins": "分钟",
        "s": "秒",
        "sec": "秒",
        "ms": "毫秒",
    },
    **{"μs": "微秒", "us": "微秒", "ns": "纳秒", "ft": "英尺", "mph": "英里每小时", "kph": "公里每小时"},
    **{"Hz": "赫兹", "kHz": "千赫", "KHz": "千赫", "MHz": "兆赫", "GHz": "吉赫", "THz": "太赫"},
    **{
        "W": "瓦",
        "w": "瓦",
        "kW": "千瓦",
        "KW": "千瓦",
        "kw": "千瓦",
        "MW": "兆瓦",
        "GW": "吉瓦",
        "mW": "毫瓦",
    },
    **{"kWh": "千瓦时", "KWh": "千瓦时", "kwh": "千瓦时", "MWh": "兆瓦时", "GWh": "吉瓦时", "Wh": "瓦时"},
    **{
        "V": "伏",
        "v": "伏",
        "kV": "千伏",
        "KV": "千伏",
        "mV": "毫伏",
        "mA": "毫安",
        "mAh": "毫安时",
        "Ah": "安时",
    },
    **{
        "Ω": "欧姆",
        "kΩ": "千欧",
        "MΩ": "兆欧",
        "J": "焦",
        "kJ": "千焦",
        "MJ": "兆焦",
        "kcal": "千卡",
        "cal": "卡",
    },
    **{"Pa": "帕", "kPa": "千帕", "KPa": "千帕", "MPa": "兆帕", "hPa": "百帕", "mmHg": "毫米汞柱", "N": "牛"},
    **{"dB": "分贝", "db": "分贝", "bps": "比特每秒", "kbps": "千比特每秒", "Kbps": "千比特每秒"},
    **{
        "Mbps": "兆比特每秒",
        "Gbps": "吉比特每秒",
        "fps": "帧每秒",
        "rpm": "转每分",
        "bpm": "次每分",
        "px": "像素",
    },
    **{"mol": "摩尔", "mmol": "毫摩尔", "μmol": "微摩尔", "umol": "微摩尔", "lx": "勒克斯", "lm": "流明"},
    **{
        "℃": "摄氏度",
        "°C": "摄氏度",
        "℉": "华氏度",
        "°F": "华氏度",
        "°": "度",
        "kn": "节",
        "ppm": "百万分之一",
    },
}
UNIT_NAMES: Final = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
"""A pattern for all of them."""
# Only where the number touches them: a single letter after a blank is more often something else.
TOUCHING: Final = frozenset(unit for unit in UNITS if len(unit) == 1 and unit.isalpha()) | {"us", "cc", "db"}
