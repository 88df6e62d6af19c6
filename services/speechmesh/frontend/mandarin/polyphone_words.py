"""Words that tell how a character beside them is read; see `polyphones`."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMERALS: Final = frozenset("零一二两三四五六七八九十百千万亿几半")
PRONOUNS: Final = _words("我 你 他 她 它 您 我们 你们 他们 她们 它们 咱们 咱 大家 人 自己 谁")
POLITE: Final = _words("先生 女士 小姐 太太 老师 同学 师傅 大夫 某 某某 氏")
TITLES: Final = _words(
    """
    教授 博士 医生 经理 总经理 总 主任 局长 处长 科长 部长 校长 院长 队长 班长 律师 工 董事长 书记 市长 省长
    县长 总统 将军 警官 法官 记者
    """
)
# Surnames that before a title are more often a word: 任校长, 查律师.
OFTEN_VERBS: Final = frozenset("任区查华种折召员洗繁宁解")
SURNAME_AHEAD: Final = _words(
    """
    姓 老 小 阿
    """
)
MUST_AHEAD: Final = PRONOUNS | _words(
    """
    还 就 也 都 总 必 可 只 又 非 不 今天 明天 现在 至少 这 那 恐怕 估计 大概 起码 最少 肯定 一定 先 还是 以后
    """
)
DEGREES: Final = _words(
    """
    很 太 非常 更 最 多 好 快 慢 高 真 特别 十分 不 挺 像 这么 那么 比 越来越 有点 直 要命
    """
)
VERBS: Final = _words(
    """
    解决 完成 承受 忍受 处理 应付 对付 管理 负责
    吃 喝 做 办 拿 打 受 走 跑 去 来 管 写 读 说 看 听 学 用 买 起 动 干 忙 累 住 坐
    """
)
LAND_AHEAD: Final = _words(
    """
    块 片 种 土 扫 拖 下 落 满 遍 各 本 当 此 耕 荒 宅 一块 这块 那块 这片 那片 亩 在 买 的 湿
    """
)
GROWN: Final = _words(
    """
    知识 见识 痘 痘痘 个儿 牙 皱纹 记性 心眼 教训 斑 肉 毛
    这么 那么 得 出 出来 大 成 高 满 着 在 起来 胖 胡子 头发 叶子 草 个子 毛 虫 肉 势
    """
)
VERY: Final = _words(
    """
    很 太 更 最 非常 好 真 多 挺 比较 不 较 特别 十分 这么 那么 够 越来越
    """
)
RETURNED: Final = _words(
    """
    钱 书 款 债 给 贷 账 清 本 完 车 房贷 贷款 信用卡 东西 我 你 他 她 回 人情 回来 回去 了
    """
)
AGAIN: Final = _words(
    """
    做 写 来 读 看 建 修 启 返 装 开 算 印 播 画 考 试 唱 填 发 拍 说 走 排 学 选 设 置 改 连 登录 安装
    加载 启动 开始
    """
)
PLANTED: Final = _words(
    """
    花 树 菜 草 地 田 下 植 粮 粮食 庄稼 水稻 小麦 玉米 果树 蔬菜 瓜 豆 棉花 茶 了 着 上 满 在 得 过
    什么 土豆 西瓜 苹果 葡萄 在 下去
    """
)
MEASURED: Final = _words(
    """
    体温 身高 体重 血压 尺寸 衣 一下 一 了 着 长度 三围 腰围 过 好 完 出
    """
)
BECOMING_AHEAD: Final = _words(
    """
    选 称 作 分 认 定 改 变 成 译 设 列 评 命名 视 化 被选 任命 评选 调整 修改 升级 转化 翻译 改编 温度
    气温 价格 面积 长度 高度 重量 总数 数量 人数 时间 目的 目标 名称 密码 结果 总额 比例 首都 省会 总部
    主题 标题 内容 编号 电话 号码 地址 均 皆 即 则 实 身 最大值 宽度 深度 速度 增速 比重 概率 有效期
    期限 周期 单位 学历 职业 性别 年龄 跌幅 涨幅 涨跌幅 主要
    """
)
DRIED: Final = _words(
    """
    衣服 头发 嘴唇 皮肤 河 口 地 地面 毛巾 被子 水 油漆 墨水 土 叶子 嘴 眼泪 晾 擦 晒 吹 烘 风 烤 喝 舀
    很 太 最 有点 更 比较 好 不太 泪 汗 没 未 手 头
    """
)
TREATED: Final = _words(
    """
    把 将 拿
    """
)
LINES: Final = _words(
    """
    字 代码 文字 诗 诗句 泪 眼泪 脚印 小字 大字 注释 数据 命令 热泪 程序 文本
    """
)
NOT_SUFFIX: Final = _words(
    """
    年 节 生日 日子 夜 冬 马路 河 桥 来 去 头 程 期 关 户 目 敏 得 度 分
    """
)
EXPERIENCED: Final = _words(
    """
    去 来 吃 看 说 听 做 想 到 见 用 学 读 写 住 买 卖 走 坐 玩 问 爱 有 当 干 试 打 提 讲 教 拿 谈 经历
    研究 讨论 工作 学习 参加 使用 发生 出现 获得 担任 访问 考虑 听说 看见 提到 见到 遇到 受 得 犯 生 养
    开 上 下 拍 演 唱 跳 找 等 帮 骗 哭 笑 病 恋爱
    """
)
NOT_PLACES: Final = PRONOUNS | _words(
    """
    马 以 早 晚 一 已经 刚刚 马上 立刻 正在 然后 今天 明天 昨天 现在 可以 开始 必须 应该
    """
)
TUNED: Final = _words("高 低 大 小 慢 快 亮 暗 准 匀 稳 好 成 一下 一调 一 平 响 淡 浓 松 紧")
SUFFERED: Final = _words("了 过 打 骂 揍 批 批评 饿 冻 宰 训 整 板子 耳光 枪子")
IDLE: Final = _words("清闲 清静 自在 逍遥 轻松 悠闲 其所 做 让 由 有")
TRAVEL: Final = _words("抵达 到达 来到 前往 赴 于 在 到 走进 参观 考察 访问 调研 众人")
SENTENCE_ENDS: Final = frozenset(("", *"了 的 吧 呢 吗 呀 啊 时 后".split()))
SUBMERGED: Final = _words("了 膝盖 头顶 脚 脚踝 脚面 小腿 大腿 腰 胸口 桥面 堤坝 车轮 车顶 屋顶 他 我")
GRAIN: Final = _words("米 大米 粮 粮食 谷 谷子 小麦 稻谷 稻子 麦子 高粱 豆子 酒")
KNEADED: Final = _words("面 面团 稀泥 泥")
BROKEN: Final = _words("树枝 腿 胳膊 手臂 铅笔 筷子 腰 骨头 翅膀 枝子 杆 杆子 桌腿 棍子 扁担")
WAYS: Final = _words("去 来 回 回家 到 过去 过来 走 上班 上学 回来 回去")
PARENTS: Final = _words("吾 爱 生 幼 孤 小 育 为 大 长 犬 贵 弃")
BECOMING_FROM: Final = _words("以 被")
# What stands before what is spent: 三天, 二十块.
FIGURES: Final = "零一二两三四五六七八九十百千万亿几半多来"
SPENT: Final = tuple("天 年 个 小时 分钟 秒 周 块 元 晚 钟头 点".split())
AROUND: Final = _words("绕 绕着 围绕 围绕着 围着 围 滴溜溜 打着")
SLEPT: Final = frozenset("睡补眯")
FELLED: Final = _words("打 拉 推 撞 压 绊 摔 扑 踢 砸 放 撂 吹 刮 击 晕 按 碰 踩 醉 震 冲 饿 累")
STAYED: Final = _words("在 着 了 上 下去 不住 家 家里 一会儿 会儿 久 几天")
UNPAID: Final = _words("清 起 上")
SPRINKLED: Final = _words(
    "上 入 些 点 在 一层 一把 适量 少许 葱花 盐 盐巴 胡椒 胡椒粉 芝麻 白芝麻 孜然 面粉 种子 满 落 了"
)
# What is poured rather than falls over, and what it is poured from and into.
POURED: Final = _words("水 茶 酒 油 汤 牛奶 咖啡 饮料 垃圾 污水 废水 脏水 剩饭 剩菜 米 面粉")
VESSELS: Final = tuple("杯 碗 壶 盆 桶 瓶 勺 锅 盅".split())
# A bad deal is what falls upon one.
FALLEN_UPON: Final = _words("大霉 霉 八辈子 血霉")
# In these offices 处 is one, not in what they are in: 咨询处在一楼.
OFFICES: Final = _words(
    """
    咨询 接待 办事 售票 登记 报名 服务 问讯 寄存 收费 财务 人事 秘书 管理 总务 教务 联络 代办 采访 停车
    """
)
PUNISHED: Final = tuple("罚 拘役 拘留 管制 死刑 无期 有期 徒刑 警告 以".split())
# What a holiday is asked of, and what it is on.
ON_HOLIDAY: Final = frozenset("放请休批补销度")
HOLIDAYS: Final = tuple("天 周 月 年 五一 十一 国庆 元旦 春节 端午 中秋 清明 法定 带薪 节".split())
FANNED: Final = _words("了 着 我 你 他 她 它 风 耳光 扇子 翅膀 火 起 来 两 一下 炉子")
TIED: Final = _words(
    """
    辫子 小辫 麻花辫 马尾 马尾辫 丸子头 头发 蝴蝶结 口袋 袋口 灯笼 风筝 腰带 裤脚 纸人 皮筋 头绳 绷带 领带 粽子 绳子
    红绳 丝带 紧
    """
)
VOMITED: Final = _words("一地 一身 好几 几 两 三 四 五 半天 又 整整 很多 出来")
SICKENED: Final = _words("厉害 一塌糊涂 很 昏天黑地 稀里哗啦 不行")
TUNEFUL: Final = _words("音乐 节拍 拍子 歌声 旋律 琴声 鼓点 乐声 曲子 节奏 鼓声 乐曲")
RATHER: Final = _words("死 要 做 折 左 缺 肯 愿 当 失 让 少 拆 信 为")
ANSWERED: Final = _words("了 道 着 下 下来 声 承 景")
INVITED: Final = _words("邀请 之邀 邀 之约 之请 约请 盛情邀请 要求 请求 召唤 号召")
# What 应 asks to be done to a demand.
OBEYED: Final = tuple("符合 满足 按 根据 依 达到 提出 遵 明确 有 具备 提 严格 执行".split())
LIT: Final = _words("火柴 一根火柴 船 桨")
FRUITS: Final = _words("果 果子 果实 硕果 瓜 穗 籽 种子 桃子 苹果 葡萄 豆荚 椰子 石榴 枣 枣子 西瓜 满")
DAZED: Final = _words("打 吓 惊 撞 摔 问 整 搞 看 说")
FRIED: Final = _words(
    """
    熟 酥 脆 土豆 鱼 虾 肉 鸡翅 鸡块 鸡腿 春卷 丸子 油条 糕 豆腐 茄盒 藕盒 串 薯片 蔬菜 花生 花生米 排骨 带鱼 臭豆腐
    麻花 金黄 金黄色 黄 好 物 货 油饼 馒头 年糕 辣椒 蘑菇 茄子 里脊 肉丸
    """
)
FOODS: Final = FRIED - _words("熟 酥 脆 好 黄 金黄 金黄色 物 货 串 干")
FRYING: Final = _words("油 香 酥 干 软 锅 肉 鱼 鸡 复")
TIED_ON: Final = _words(
    "鞋带 领带 上 着 好 扣子 安全带 红领巾 围巾 腰带 丝带 绳 绳子 纽扣 围裙 蝴蝶结 带子 皮带 鞋 扣 紧 牢 住"
)
LOADS: Final = _words(
    "着 包 起 上 行李 书包 米 柴 药箱 筐 竹筐 枪 孩子 我 你 他 她 它 锅 债 水 伤员 大包 小包"
)
RECITED: Final = _words(
    """
    诗 课文 单词 台词 词 书 公式 古诗 文章 乘法表 口诀 唐诗 下来 出来 熟 诗词 一遍 两遍 三遍 几遍 过
    """
)
SPINNERS: Final = _words("风车 陀螺 轮子 车轮 马达 齿轮 滴溜溜 团团 打着 眼珠 眼珠子")
GUARDED: Final = _words("大门 仓库 瓜 摊 摊子 场子 工地")
SPROUTED: Final = _words(
    "痘 痘痘 痘子 青春痘 斑 毛 草 霉 虫 牙 智齿 皱纹 疮 口疮 疹子 湿疹 包 瘤 肿瘤 息肉 翅膀 胡子 白发 苔藓 青苔 叶子"
)
HELD: Final = _words("着 住 声 息 气")
OF_GROUPS: Final = _words(
    """
    犯罪 不法 积极 恐怖 知识 极端 分裂 敌对 腐败 投机 激进 武装 反动 好战 危险 嫌疑 顽固 暴力 反对 叛乱 贪污
    先进 优秀 右派 左派 异己 可疑 不良 邪教 骨干 地主 作案
    """
)
# What is a son's or a master's, or lesser than another one.
OF_A_SON: Final = _words(
    """
    曰 公司 时 夜 女 集 系统 模块 任务 目录 项目 项 版 代 类 网 孙 嗣 女儿 基金 品牌 菜单 节点 进程 程序 午 贡
    """
)
SONS_AHEAD: Final = _words(
    """
    父 母 独 长 次 孔 老 庄 孟 荀 墨 之 其 太 孝 逆 爱 亲 生 养 无 得 有 求 皇 天 双 三 五 甲 丙 戊 庚 壬 望
    """
)
WORKED: Final = _words("好 匀 了 成 软")
SEVERAL: Final = _words("余 整 若干 无数 单 同 来 十余 百余 千余 二十余 三十余 几百 上千")
ROLLED: Final = _words("纸 卫生纸 手纸 胶带 胶卷 布 布匹 铺盖 电线 纱布 地毯 线 钞票 绳子 保鲜膜 胶片 草席")
# What is watched or taken part in: 一场 chang3 of them; and what comes over one: 一场 chang2.
SHOWN: Final = (
    *"赛 电影 演出 考试 会议 直播 讲座 面试 招聘 展览 表演 派对 足球 篮球 排球 网球 婚礼 葬礼 仪式 活动".split(),
    *"典礼 拍卖 辩论 报告 对决 大会 唱会 乐会 布会 晚会 舞会 动会 讨会 聘会 年会 聚会 酒会 谈会 览会 证会".split(),
    *"享会 歌会 集会 峰会".split(),
)
SHOWN_ALONE: Final = _words("球 戏 剧 棋 牌 秀")
BEFALLEN: Final = (
    *"雨 雪 病 梦 误会 战争 仗 大战 战斗 战役 火 火灾 灾难 灾 祸 车祸 风 风波 风暴 争吵 争论 架 浩劫 危机 革命".split(),
    *"瘟疫 疫情 地震 洪水 变故 虚惊 空 冰雹 霜 雾 婚姻 恋爱 闹剧 悲剧 骗局 阴谋 噩梦 劫难 事故 洪灾".split(),
)
WATCHED: Final = _words("赢 输 胜 打 踢 看 赛 下 上 这 那 每 最后 首 演 唱 考 只")
