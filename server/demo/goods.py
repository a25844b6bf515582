"""What the demo's sites deal in: people, goods, customers, codes. Data alone; `story.py` tells what happened with them."""

from typing import Any, NamedTuple

from server.domain.ids import derived_id

OWNER = ("HENGYUE", "恒月商贸 Hengyue Trading")

# code, name, English name
SITES = (("SH", "上海仓", "Shanghai"), ("HZ", "杭州仓", "Hangzhou"))

MORE_BINS = {
    "GOOD": ("01-02", "01-03", "01-04", "02-01", "02-02", "02-03", "02-04"),
    "WAIT": ("01-02", "01-03"),
    "SEC": ("01-02",),
}
"""Beside the first bin that every zone has."""


class Worker(NamedTuple):
    username: str
    name: str
    roles: tuple[str, ...]
    site: str  # '' every site
    language: str = "zh-CN"
    badge: str = ""  # the part that is printed and known to devices; '' works at a desk alone


PEOPLE = (
    Worker("admin", "何磊 He Lei", ("admin",), ""),
    Worker("chen", "陈静 Chen Jing", ("reviewer",), ""),
    Worker("emma", "Emma Clark", ("reviewer", "office"), "", "en"),
    Worker("sun", "孙丽 Sun Li", ("sales",), ""),
    Worker("zhou", "周洁 Zhou Jie", ("service",), ""),
    Worker("wu", "吴梅 Wu Mei", ("finance",), ""),
    Worker("zheng", "郑涛 Zheng Tao", ("office",), ""),
    Worker("zhang", "张伟 Zhang Wei", ("supervisor",), "SH", badge="ZHANG2"),
    Worker("wang", "王芳 Wang Fang", ("operator",), "SH", badge="WANG22"),
    Worker("qian", "钱强 Qian Qiang", ("operator",), "SH", badge="QNQ222"),
    Worker("min", "李敏 Li Min", ("inspector",), "SH", badge="MMN222"),
    Worker("tom", "Tom Baker", ("operator", "inspector"), "SH", "en", badge="TBK222"),
    Worker("ma", "马超 Ma Chao", ("supervisor",), "HZ", badge="MACH22"),
    Worker("xu", "徐峰 Xu Feng", ("operator",), "HZ", badge="XUFG22"),
    Worker("fang", "方圆 Fang Yuan", ("inspector",), "HZ", badge="FANG22"),
)

# username of the site's people on the floor, device name
DEVICES = (
    ("SH", "上海 1 号 PDA / Shanghai 1"),
    ("SH", "上海 2 号 PDA / Shanghai 2"),
    ("SH", "上海主管手机 / Supervisor's phone"),
    ("HZ", "杭州 1 号 PDA / Hangzhou 1"),
    ("HZ", "杭州 2 号 PDA / Hangzhou 2"),
)

# code, name, prefixes
CARRIERS = (
    ("SF", "顺丰速运 SF Express", ["SF"]),
    ("JD", "京东物流 JD Logistics", ["JD"]),
    ("ZTO", "中通快递 ZTO Express", ["ZT", "7557", "7832"]),
    ("YTO", "圆通速递 YTO Express", ["YT"]),
    ("YUNDA", "韵达速递 Yunda Express", ["46", "43"]),
    ("EMS", "中国邮政 EMS China Post", ["EMS", "115"]),
)

SUPPLIERS = (
    ("S01", "宁波暖家电器 Ningbo Nuanjia Appliances"),
    ("S02", "中山明源灯饰 Zhongshan Mingyuan Lighting"),
    ("S03", "深圳声界科技 Shenzhen Soundline"),
    ("S04", "广州雅颜化妆品 Guangzhou Yayan Cosmetics"),
    ("S05", "南通织爱家纺 Nantong Zhiai Textiles"),
    ("S06", "永康鼎盛五金 Yongkang Dingsheng Hardware"),
)

# code, name, city
CUSTOMERS = (
    ("C1001", "宜居生活馆 Yiju Living", "北京市朝阳区建国路 88 号"),
    ("C1002", "江南优品 Jiangnan Selects", "苏州市姑苏区平江路 12 号"),
    ("C1003", "绿城百货 Greentown Department Store", "杭州市西湖区文三路 478 号"),
    ("C1004", "海上小家 Haishang Homes", "上海市静安区南京西路 1601 号"),
    ("C1005", "悦听数码 Yueting Digital", "深圳市南山区科技园路 9 号"),
    ("C1006", "花容美妆 Huarong Beauty", "广州市天河区体育东路 140 号"),
    ("C1007", "北方家电城 Beifang Appliances", "沈阳市和平区太原街 3 号"),
    ("C1008", "西部优选 Xibu Choice", "成都市锦江区春熙路 66 号"),
    ("C1009", "米粒亲子 Mili Kids", "南京市鼓楼区中山路 18 号"),
    ("C1010", "鹭岛生活 Ludao Life", "厦门市思明区环岛路 200 号"),
    ("C1011", "王晓雯 Wang Xiaowen", "上海市浦东新区世纪大道 1000 号"),
    ("C1012", "刘建国 Liu Jianguo", "合肥市蜀山区黄山路 55 号"),
    ("C1013", "赵一鸣 Zhao Yiming", "武汉市洪山区珞喻路 152 号"),
    ("C1014", "林可欣 Lin Kexin", "福州市台江区江滨路 7 号"),
    ("C1015", "Sarah Novak", "上海市长宁区虹桥路 2272 号"),
    ("C1016", "Daniel Meyer", "杭州市滨江区江南大道 288 号"),
)

LAST_OF_SUN = 1010
"""Sun Li sells to the shops, up to C1010; people buy by themselves."""

NO_SCRAP_ALONE = 20_000
"""Minor units of cost an inspector may scrap without asking."""

# code, name, English name, policy, ((reason code, name, English name), …)
RETURN_TYPES: tuple[tuple[str, str, str, dict[str, Any], tuple[tuple[str, str, str], ...]], ...] = (
    (
        "customer", "客户退货", "Customer return",
        {"default_disposition": "restock", "required_checks": ["appearance", "packaging"], "scrap_limit": NO_SCRAP_ALONE},
        (("colour", "颜色不喜欢", "Does not like the colour"), ("size", "尺码不合适", "Wrong size"),
         ("function", "功能不符合预期", "Does not do what was expected"), ("changed_mind", "不想要了", "Changed mind"),
         ("refused", "拒收", "Refused at the door")),
    ),
    (
        "quality", "质量问题", "Quality problem",
        {"required_documents": ["inspection_report"], "required_checks": ["appearance", "function", "accessories", "packaging"],
         "default_disposition": "return_to_vendor", "scrap_limit": NO_SCRAP_ALONE,
         "allowed_dispositions": ["restock", "repair", "scrap", "exchange", "return_to_vendor"]},
        (("dead_on_arrival", "开箱即坏", "Dead on arrival"), ("fault", "使用中故障", "Fault in use"),
         ("leak", "渗漏", "Leaks"), ("allergy", "过敏或不适", "Skin reaction"), ("transport", "运输损坏", "Damaged in transport")),
    ),
    (
        "strategy", "销售策略调整", "Change of sales strategy",
        {"default_disposition": "restock", "required_documents": ["sales_contract"], "scrap_limit": 0},
        (("season", "换季下架", "End of season"), ("recall", "召回", "Recall"), ("slow", "滞销退回", "Slow seller")),
    ),
    (
        "stock", "库存管理失误", "Stock-keeping mistake",
        {"default_disposition": "restock", "allowed_dispositions": ["restock", "scrap", "return_to_vendor"]},
        (("overstock", "多发备货", "Too much was sent"), ("near_expiry", "临期退回", "Near expiry"), ("lot_mixed", "批次混放", "Lots were mixed")),
    ),
    (
        "wrong_goods", "发错货", "Wrong goods shipped",
        {"default_disposition": "restock", "required_checks": ["appearance", "packaging"], "scrap_limit": NO_SCRAP_ALONE},
        (("wrong_item", "发错商品", "Wrong item"), ("wrong_quantity", "数量发错", "Wrong quantity"),
         ("wrong_colour", "颜色发错", "Wrong colour"), ("wrong_size", "尺码发错", "Wrong size")),
    ),
)  # fmt: skip

# check, code, name, English name
DEFECTS = (
    ("appearance", "SCRATCH", "划痕", "Scratched"), ("appearance", "DENT", "凹陷变形", "Dented"),
    ("appearance", "STAIN", "污渍", "Stained"), ("appearance", "WORN", "使用痕迹", "Signs of use"),
    ("function", "NO_POWER", "不通电", "Does not switch on"), ("function", "NOISE", "异响", "Unusual noise"),
    ("function", "BATTERY", "电池异常", "Battery fault"), ("function", "LEAK", "渗漏", "Leaks"),
    ("function", "LOCKED", "账号未解锁", "Account still locked"),
    ("accessories", "NO_MANUAL", "缺说明书", "Manual missing"), ("accessories", "NO_CABLE", "缺电源线", "Cable missing"),
    ("accessories", "NO_GIFT", "缺赠品", "Gift missing"), ("accessories", "NO_WARRANTY", "缺保修卡", "Warranty card missing"),
    ("packaging", "TORN", "包装破损", "Packaging torn"), ("packaging", "OPENED", "已拆封", "Seal broken"),
    ("packaging", "WET", "受潮", "Wet"), ("packaging", "NO_BOX", "缺原包装", "Original box missing"),
)  # fmt: skip

MANUAL = {"code": "manual", "name": "说明书", "name_en": "Manual"}
WARRANTY = {"code": "warranty", "name": "保修卡", "name_en": "Warranty card"}
CABLE = {"code": "cable", "name": "充电线", "name_en": "Charging cable"}
BASE = {"code": "base", "name": "底座", "name_en": "Base"}
CUP = {"code": "cup", "name": "量杯", "name_en": "Measuring cup"}
BULB = {"code": "bulb", "name": "灯泡", "name_en": "Bulb"}
POUCH = {"code": "pouch", "name": "收纳袋", "name_en": "Pouch"}

SWITCHED_ON = {
    "code": "power",
    "check": "function",
    "kind": "tick",
    "name": "通电正常",
    "name_en": "Switches on",
    "required": True,
}
UNLOCKED = {
    "code": "account",
    "check": "function",
    "kind": "tick",
    "name": "账号已解锁",
    "name_en": "Account unlocked",
    "required": True,
}
ERASED = {
    "code": "erased",
    "check": "function",
    "kind": "tick",
    "name": "数据已清除",
    "name_en": "Data erased",
    "required": True,
}
BATTERY = {"code": "battery", "check": "function", "kind": "number", "name": "电池健康度 %", "name_en": "Battery health %",
           "minimum": 0, "maximum": 100, "required": True}  # fmt: skip
SWOLLEN = {"code": "swollen", "check": "appearance", "kind": "choice", "name": "电池鼓包", "name_en": "Swollen battery",
           "choices": ["无 no", "有 yes"], "required": True}  # fmt: skip
SEAL = {"code": "seal", "check": "packaging", "kind": "choice", "name": "封口", "name_en": "Seal",
        "choices": ["完好 intact", "破损 broken"], "required": True}  # fmt: skip


class Family(NamedTuple):
    """Items that differ in one thing: (suffix, name, English name, specification, which reads the same in both languages)."""

    code: str
    name: str
    name_en: str
    cost: int  # minor units
    supplier: str
    variants: tuple[tuple[str, str, str, str], ...]
    uom: str = "件"
    serial: bool = False
    shelf_life_days: int = 0  # more than 0: lots with an expiry
    min_days_to_sell: int = 0
    accessories: tuple[dict[str, Any], ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    hazard: bool = False


def _colours(spec: str, *colours: str) -> tuple[tuple[str, str, str, str], ...]:
    known = {"GN": ("绿", "green"), "BU": ("蓝", "blue"), "WH": ("白", "white"), "BK": ("黑", "black"), "RD": ("红", "red"),
             "CR": ("奶油", "cream"), "PK": ("粉", "pink"), "GY": ("灰", "grey"), "YE": ("黄", "yellow"), "WD": ("原木", "wood")}  # fmt: skip
    return tuple((code, f"{known[code][0]}色", known[code][1], spec) for code in colours)


def _sizes(colour: str, colour_en: str) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((size, f"{colour} {size}", f"{colour_en}, {size}", size) for size in ("S", "M", "L", "XL"))


FAMILIES = (
    Family("KET", "电热水壶", "Electric kettle", 6_800, "S01", _colours("1.7L", "GN", "BU", "WH", "BK"), accessories=(BASE, MANUAL), steps=(SWITCHED_ON,)),
    Family("RCK", "电饭煲", "Rice cooker", 15_900, "S01", _colours("4L", "WH", "BK", "RD", "CR"), accessories=(CUP, MANUAL), steps=(SWITCHED_ON,)),
    Family("TOA", "多士炉", "Toaster", 8_900, "S01", _colours("850W", "CR", "RD", "BK", "GN"), accessories=(MANUAL,), steps=(SWITCHED_ON,)),
    Family("BLN", "料理机", "Blender", 12_500, "S01", _colours("1.2L", "WH", "RD", "BK", "GY"), accessories=(CUP, MANUAL), steps=(SWITCHED_ON,)),
    Family("HDR", "吹风机", "Hair dryer", 9_900, "S01", _colours("1800W", "PK", "WH", "BK", "BU"), accessories=(MANUAL,), steps=(SWITCHED_ON,)),
    Family("FAN", "桌面风扇", "Desk fan", 5_600, "S01", _colours("USB", "WH", "PK", "GN", "GY"), accessories=(CABLE,)),
    Family("HUM", "加湿器", "Humidifier", 7_200, "S01", _colours("2.5L", "WH", "GN", "PK", "BU"), accessories=(CABLE, MANUAL), steps=(SWITCHED_ON,)),
    Family("LMP", "护眼台灯", "Desk lamp", 7_900, "S02", _colours("10W", "BU", "WH", "BK", "PK"), uom="盏", accessories=(MANUAL,), steps=(SWITCHED_ON,)),
    Family("FLL", "落地灯", "Floor lamp", 16_800, "S02", _colours("1.6m", "BK", "WH", "WD", "YE"), uom="盏", accessories=(BULB, MANUAL)),
    Family("NLT", "小夜灯", "Night light", 2_400, "S02", _colours("0.5W", "YE", "PK", "BU", "WH"), uom="盏"),
    Family("HPH", "降噪耳机", "Noise-cancelling headphones", 42_000, "S03", _colours("40mm", "BK", "WH", "BU", "PK"), serial=True,
           accessories=(CABLE, POUCH, WARRANTY), steps=(SWITCHED_ON,)),
    Family("SPK", "蓝牙音箱", "Bluetooth speaker", 18_800, "S03", _colours("20W", "BK", "RD", "GN", "GY"), serial=True, accessories=(CABLE, WARRANTY), steps=(SWITCHED_ON,)),
    Family("WTC", "智能手表", "Smart watch", 56_000, "S03", _colours("46mm", "BK", "WH", "PK", "GN"), serial=True,
           accessories=(CABLE, WARRANTY), steps=(UNLOCKED, BATTERY)),
    Family("TAB", "学习平板", "Tablet", 128_000, "S03", _colours('11" 128GB', "GY", "BU", "PK", "WH"), uom="台", serial=True,
           accessories=(CABLE, MANUAL, WARRANTY), steps=(UNLOCKED, ERASED, BATTERY)),
    Family("PWR", "充电宝", "Power bank", 8_600, "S03", _colours("20000mAh", "BK", "WH", "BU", "PK"), serial=True, accessories=(CABLE,),
           steps=(SWOLLEN,), hazard=True),
    Family("CAM", "行车记录仪", "Dash camera", 31_000, "S03", (("2K", "2K", "2K", "2K 32GB"), ("4K", "4K", "4K", "4K 32GB"), ("2D", "2K 双镜头", "2K, front and rear", "2K + 1080p"), ("4D", "4K 双镜头", "4K, front and rear", "4K + 1080p")),
           uom="台", serial=True, accessories=(CABLE, MANUAL, WARRANTY), steps=(SWITCHED_ON,)),
    Family("LIP", "丝绒口红", "Velvet lipstick", 4_900, "S04", (("01", "01 正红", "01 true red", "3.5g #01"), ("02", "02 豆沙", "02 bean paste", "3.5g #02"), ("03", "03 玫瑰", "03 rose", "3.5g #03"), ("04", "04 橘棕", "04 burnt orange", "3.5g #04")),
           uom="支", shelf_life_days=1_095, min_days_to_sell=180, steps=(SEAL,)),
    Family("CRM", "保湿面霜", "Moisturising cream", 8_800, "S04", (("30", "30g", "30 g", "30g"), ("50", "50g", "50 g", "50g"), ("S3", "敏感肌 30g", "sensitive skin, 30 g", "30g"), ("S5", "敏感肌 50g", "sensitive skin, 50 g", "50g")),
           uom="瓶", shelf_life_days=1_095, min_days_to_sell=180, steps=(SEAL,)),
    Family("SRM", "修护精华液", "Repair serum", 15_600, "S04", (("15", "15ml", "15 ml", "15ml"), ("30", "30ml", "30 ml", "30ml"), ("VC", "维C 30ml", "vitamin C, 30 ml", "30ml"), ("NI", "烟酰胺 30ml", "niacinamide, 30 ml", "30ml")),
           uom="瓶", shelf_life_days=730, min_days_to_sell=120, steps=(SEAL,)),
    Family("SUN", "防晒乳", "Sunscreen", 6_200, "S04", (("30", "SPF30 50ml", "SPF 30, 50 ml", "SPF30 50ml"), ("50", "SPF50 50ml", "SPF 50, 50 ml", "SPF50 50ml"), ("KD", "儿童 SPF50", "for children, SPF 50", "SPF50 50ml"), ("SP", "喷雾 150ml", "spray, 150 ml", "150ml")),
           uom="支", shelf_life_days=730, min_days_to_sell=180, steps=(SEAL,)),
    Family("MSK", "补水面膜", "Sheet mask", 3_900, "S04", (("HA", "玻尿酸 5 片", "hyaluronic, pack of 5", "5 × 25ml"), ("TT", "茶树 5 片", "tea tree, pack of 5", "5 × 25ml"), ("RO", "玫瑰 5 片", "rose, pack of 5", "5 × 25ml"), ("GO", "黄金 5 片", "gold, pack of 5", "5 × 25ml")),
           uom="盒", shelf_life_days=1_095, min_days_to_sell=180, steps=(SEAL,)),
    Family("SHP", "氨基酸洗发水", "Amino-acid shampoo", 4_400, "S04", (("OIL", "控油 400ml", "oil control, 400 ml", "400ml"), ("DRY", "滋润 400ml", "moisture, 400 ml", "400ml"), ("DAN", "去屑 400ml", "anti-dandruff, 400 ml", "400ml"), ("KID", "儿童 300ml", "for children, 300 ml", "300ml")),
           uom="瓶", shelf_life_days=1_095, min_days_to_sell=120),
    Family("TWL", "纯棉毛巾", "Cotton towel", 1_900, "S05", _colours("34×76cm", "WH", "GY", "BU", "PK"), uom="条"),
    Family("BED", "全棉四件套", "Cotton bedding set", 19_900, "S05", (("15G", "1.5m 灰", "1.5 m, grey", "1.5m"), ("18G", "1.8m 灰", "1.8 m, grey", "1.8m"), ("15B", "1.5m 蓝", "1.5 m, blue", "1.5m"), ("18B", "1.8m 蓝", "1.8 m, blue", "1.8m")), uom="套"),
    Family("TSH", "圆领T恤", "T-shirt", 3_200, "S05", _sizes("白", "white")),
    Family("SWT", "连帽卫衣", "Hooded sweatshirt", 7_800, "S05", _sizes("灰", "grey")),
    Family("SOC", "中筒袜", "Crew socks", 900, "S05", _colours("3 × 39–42", "BK", "WH", "GY", "YE"), uom="包"),
    Family("MUG", "陶瓷马克杯", "Ceramic mug", 2_100, "S06", _colours("350ml", "WH", "BU", "RD", "GN")),
    Family("THM", "保温杯", "Vacuum flask", 5_200, "S06", _colours("500ml", "BK", "WH", "RD", "BU")),
    Family("PAN", "不粘炒锅", "Non-stick wok", 10_900, "S06", (("28", "28cm", "28 cm", "28cm"), ("30", "30cm", "30 cm", "30cm"), ("32", "32cm", "32 cm", "32cm"), ("34", "34cm", "34 cm", "34cm")), uom="口", accessories=(MANUAL,)),
)  # fmt: skip


def item_id(sku: str) -> str:
    return derived_id("demo", "item", sku)


def customer_id(code: str) -> str:
    return derived_id("demo", "customer", code) if code else ""


def price_of(cost: int) -> int:
    """What it is sold for: about twice its cost, ending in 9 yuan."""
    return (cost * 2 // 1_000) * 1_000 + 900
