"""Names in a zip that do not say in which code page they were written: which one fits them best."""

import struct
import zlib
from collections.abc import Callable, Collection, Sequence

UTF8 = "utf-8"
TITLES = {  # Python's name and how people call it
    UTF8: "UTF-8",
    "cp932": "Japanese (Shift-JIS, cp932)",
    "gbk": "Chinese (GBK)",
    "big5": "Chinese, traditional (Big5)",
    "euc_kr": "Korean (EUC-KR)",
    "cp866": "Cyrillic (DOS, cp866)",
    "cp1251": "Cyrillic (Windows, cp1251)",
    "cp437": "Western (DOS, cp437)",
    "cp1252": "Western (Windows, cp1252)",
}
SAMPLE = 4_000  # names that are looked at
UNICODE_PATH = 0x7075
# Frequent in Chinese and in Korean text and in names of things, from the most frequent down.
HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高"
    "间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水"
    "名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便"
    "空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识"
    "候带导争运笔车猫狗鸟鱼花草树木叶苹香蕉橘橙桃梨葡萄瓜菜豆米麦牛羊猪鸡鸭兔虎狮熊鹿狼蛇龟虫蝶蜂红黄蓝绿黑紫灰苗虾蟹杯桌椅灯衣裤鞋帽包瓶盒刀"
    "正常异缺陷划痕裂纹左右男早晚春夏秋冬雨雪云风火土石河湖城村房屋街桥船飞轮圆测试训练验证集图片像"
)
HANGUL = frozenset(
    "이다는의에을가고하지한기로사자은어인나를리도아시대들그만정일라해수서스게전부는으제있과보여주원우상조성장면안구동오미신소무중마비공적없고유개학"
    "국세교방위내경물화생었된회선음호명말니관년계실통같모산드외문요분연치체바것행크트각당르레금러했던간단반차생식또래더강임할야거았두용때입양형절재"
    "진울와영직예심습업태술표건민불남여작점운배감귤포도딸기복숭참토끼고양강개새말소돼지닭오리곰호랑사슴뱀꽃나무잎풀빵밥차집길산바다강하늘빨노파초흰검"
    "정상불량결함좌우앞뒤위아래훈련검증시험"
)


def decoded(raws: Sequence[bytes], *, told: str = "") -> tuple[list[str], str, tuple[str, ...]]:
    """Names as text, the encoding if it had to be guessed or was `told`, and all that fit, the likeliest first."""
    distinct = list(dict.fromkeys(raws))
    if not told and all(_fits(raw, UTF8) for raw in distinct):
        return [raw.decode(UTF8) for raw in raws], "", ()
    sample = distinct[:: -(-len(distinct) // SAMPLE)]
    fitting = [page for page in TITLES if all(_fits(raw, page) for raw in distinct)]
    likely = sorted(fitting, key=lambda page: -_likeness(sample, page))
    page = told if told in likely else likely[0]  # cp437 reads any byte
    return [raw.decode(page) for raw in raws], page, tuple(likely)


def unicode_path(extra: bytes, raw: bytes) -> str:
    """The name that a zip entry's Unicode Path field gives; '' where there is none, or it is another name's."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + size]
        told = kind == UNICODE_PATH and len(field) == size > 5 and field[0] == 1
        if told and struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw) and _fits(field[5:], UTF8):
            return field[5:].decode(UTF8)
        at += 4 + size
    return ""


def _fits(raw: bytes, page: str) -> bool:
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        return False
    return page == UTF8 or not any("\x80" <= char < "\xa0" for char in text)


def _likeness(sample: Collection[bytes], page: str) -> float:
    """How much names read like text in a code page: 1 all of it, 0 nothing."""
    if page == UTF8:
        return 2.0
    told: list[float] = []
    weigh = WEIGHTS[page]
    for raw in sample:
        text = raw.decode(page)
        for before, char, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
            if char > "\x7f":
                told.append(weigh(char, before, after))
    return sum(told) / max(1, len(told))


def _chinese(char: str, before: str, after: str) -> float:
    if not "一" <= char <= "鿿":
        return 0.1
    return 1.0 if char in HANZI else 0.5 if 0xB0 <= _lead(char, "gbk") <= 0xD7 and _trail(char, "gbk") >= 0xA1 else 0.15


def _traditional(char: str, before: str, after: str) -> float:
    if not "一" <= char <= "鿿":
        return 0.1
    return 0.6 if char in HANZI else 0.45 if 0xA4 <= _lead(char, "big5") <= 0xC6 else 0.1


def _japanese(char: str, before: str, after: str) -> float:
    if "぀" <= char <= "ヿ":
        return 1.0
    if "一" <= char <= "鿿":
        return 0.8 if 0x88 <= _lead(char, "cp932") <= 0x97 else 0.2
    return 0.1


def _korean(char: str, before: str, after: str) -> float:
    return 1.0 if char in HANGUL else 0.5 if "가" <= char <= "힣" else 0.1


def _cyrillic(char: str, before: str, after: str) -> float:
    if not ("А" <= char <= "я" or char in "ёЁ"):
        return 0.0
    odd = any(
        beside == "\\" or (beside.isascii() and beside.isalpha()) for beside in (before, after)
    )  # two alphabets in one word
    odd = odd or (char.isupper() and before.islower())
    return 0.1 if odd else 0.95


def _western(char: str, before: str, after: str) -> float:
    if not (char.isalpha() and char < "ƀ"):
        return 0.0
    return 0.2 if char.isupper() and before.islower() else 0.3 if before > "\x7f" else 0.9


def _lead(char: str, page: str) -> int:
    return char.encode(page)[0]


def _trail(char: str, page: str) -> int:
    return char.encode(page)[-1]


WEIGHTS: dict[str, Callable[[str, str, str], float]] = {
    "cp932": _japanese,
    "gbk": _chinese,
    "big5": _traditional,
    "euc_kr": _korean,
    "cp866": _cyrillic,
    "cp1251": _cyrillic,
    "cp437": _western,
    "cp1252": _western,
}
