"""Our names for the signs on the screen, and where they stand in the Material Icons face (Apache-2.0).

Journeys speak these names. A name that is not here is drawn as the hospital's cross, so that a new department shows.
"""

from __future__ import annotations

_CODEPOINTS = {
    # the machine's own furniture
    "back": 0xE5C4, "home": 0xE88A, "close": 0xE5CD, "check": 0xE5CA, "done": 0xE86C, "warning": 0xE002,
    "error": 0xE000, "info": 0xE88E, "touch": 0xE913, "language": 0xE8E2, "size": 0xE245, "clock": 0xE8B5,
    "previous": 0xE5CB, "next": 0xE5CC, "erase": 0xE14A, "keypad": 0xE0BC, "wait": 0xE88B, "notice": 0xEF49,
    "trail": 0xE876, "down": 0xE5DB, "up": 0xE5D8, "forward": 0xE5C8, "place": 0xE0C8, "help": 0xE887,
    "staff": 0xF0E2, "lock": 0xE897, "offline": 0xE2C1, "cloud_off": 0xE2C1, "build": 0xE869, "sync": 0xE627,
    # what the machine reads and gives
    "card": 0xE870, "idcard": 0xEA67, "scan": 0xF206, "qr": 0xE00A, "phone": 0xE32C, "pay": 0xEF63, "yuan": 0xEAF9,
    "printer": 0xE8AD, "printer_off": 0xE9CF, "ticket": 0xE638, "receipt": 0xEF6E, "wallet": 0xE850,
    "idcard_off": 0xE4F4, "contactless": 0xEA71, "payment": 0xEF63, "paper": 0xEF6E, "booking": 0xE878,
    # services
    "register": 0xE174, "book": 0xE742, "checkin": 0xE614, "cancel": 0xE615, "reprint": 0xE8B0, "enroll": 0xE7FE,
    "appointments": 0xEBCC, "today": 0xE8DF, "refund": 0xE860, "queue": 0xF233, "attend": 0xE853, "file": 0xE2C9,
    "person": 0xE7FD, "people": 0xE7FB, "records": 0xEBED, "examine": 0xE1D2, "repeat": 0xE166,
    # the service menu, and what it is about
    "settings": 0xE8B8, "changes": 0xE889, "usb": 0xE1E0, "key": 0xE73C, "restart": 0xE8AC, "list": 0xE896, "test": 0xF0C5,
    "closed": 0xE14B, "message": 0xE0C9, "day": 0xE8DF, "social": 0xE870, "visit_card_reader": 0xEB86, "stripe": 0xE9EC,
    "scanner": 0xF206, "report": 0xE24D, "cards": 0xE53B, "terminal": 0xF17E, "board": 0xE30D, "lights": 0xE0F0,
    "ups": 0xE1A3,
    "server": 0xE875, "channels": 0xEF63, "disk": 0xE1DB, "memory": 0xE322, "facts": 0xEF76, "obligations": 0xF1BB,
    "roll": 0xEF6E, "jam": 0xE002, "head": 0xF0FF, "box": 0xE168, "hopper": 0xE53B, "screen": 0xE40A, "sound": 0xE050,
    "network": 0xEB2F, "all": 0xE8AC, "print": 0xE8AD, "open": 0xF1CE, "pull": 0xF1E0, "put": 0xF1E3, "space": 0xE256,
    "not_tried": 0xE15B, "night": 0xEA46,
    # departments
    "hospital": 0xE548, "cross": 0xE145, "general": 0xF109, "internal": 0xF109, "surgery": 0xE3F3, "heart": 0xEAA2,
    "lungs": 0xEFD8, "stomach": 0xE56C, "nerves": 0xEA4A, "mind": 0xEA78, "bones": 0xE92C, "women": 0xE91E,
    "children": 0xEB41, "eyes": 0xE8F4, "ears": 0xE023, "teeth": 0xE7F2, "skin": 0xE87C, "kidneys": 0xE798,
    "blood": 0xEFE4, "hormones": 0xEA4B, "fever": 0xF076, "infection": 0xF221, "elderly": 0xF21A, "tumour": 0xEA3A,
    "rehabilitation": 0xE536, "chinese_medicine": 0xEA35, "emergency": 0xE1EB, "vaccines": 0xE138, "pain": 0xE6DA,
    "clinic": 0xF109, "doctor": 0xE853, "health": 0xE1D5, "beauty": 0xEB4C,
    "hands": 0xF21F, "medicine": 0xF033, "sleep": 0xEFDF, "sport": 0xEB43,
}


# Departments by the national catalogue of clinical subjects (诊疗科目名录, 1994), where the longest number that fits
# decides, or by the usual English abbreviations.
_DEPARTMENTS = {
    "": "hospital",
    "02": "health", "03": "internal", "0301": "lungs", "0302": "stomach", "0303": "nerves", "0304": "heart",
    "0305": "blood", "0306": "kidneys", "0307": "hormones", "0308": "health", "0311": "elderly", "04": "surgery",
    "0402": "nerves", "0403": "bones", "0404": "kidneys", "0405": "lungs", "0406": "heart", "05": "women",
    "06": "women", "07": "children", "08": "children", "09": "children", "10": "eyes", "11": "ears", "12": "teeth",
    "13": "skin", "14": "beauty", "15": "mind", "16": "infection", "19": "tumour", "20": "emergency",
    "21": "rehabilitation", "22": "sport", "27": "pain", "50": "chinese_medicine", "51": "chinese_medicine",
    "52": "chinese_medicine",
    "GP": "health", "ER": "emergency", "RESP": "lungs", "CARD": "heart", "GAST": "stomach", "ENDO": "hormones",
    "NEUR": "nerves", "NEPH": "kidneys", "UROL": "kidneys", "HEMA": "blood", "SURG": "surgery", "ORTH": "bones",
    "PED": "children", "OBGY": "women", "OPHT": "eyes", "ENT": "ears", "DENT": "teeth", "DERM": "skin",
    "PSYC": "mind", "ONCO": "tumour", "INFE": "infection", "FEVER": "fever", "GERI": "elderly",
    "REHA": "rehabilitation", "PAIN": "pain", "TCM": "chinese_medicine",
}


def glyph(name: str) -> str:
    """The character that draws the sign. `department.<code>` is a department; of others, what is before the point does not
    matter: `task.roll` is a roll."""
    code = name.rpartition(".")[2]
    if name.startswith("department."):
        return chr(_CODEPOINTS[_department(name.partition(".")[2])])
    return chr(_CODEPOINTS.get(code, _CODEPOINTS["hospital"]))


def _department(code: str) -> str:
    code = code.replace(".", "").upper()
    fitting = (code[:length] for length in range(len(code), 1, -1) if code[:length] in _DEPARTMENTS)
    return _DEPARTMENTS[next(fitting, "")]


def names() -> tuple[str, ...]:
    """Every name there is."""
    return tuple(_CODEPOINTS)
