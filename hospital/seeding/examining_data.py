"""Examination rooms and tests of the invented hospital. Preparation as hospitals ask for it, a sentence a
line; durations are believable."""

from __future__ import annotations

from typing import Any

STATIONS: tuple[dict[str, Any], ...] = (
    {"code": "BLOOD", "kind": "blood", "name_zh": "门诊采血处", "name_en": "Blood draw", "place_zh": "门诊楼1层B区",
     "place_en": "Outpatient Building, 1F, Area B", "rooms": 6, "step": 15},
    {"code": "ENDO", "kind": "exam", "name_zh": "内镜中心", "name_en": "Endoscopy", "place_zh": "医技楼3层",
     "place_en": "Diagnostic Building, 3F", "rooms": 3, "opens": 480, "closes": 690},
    {"code": "CT", "kind": "exam", "name_zh": "CT室", "name_en": "CT room", "place_zh": "医技楼1层",
     "place_en": "Diagnostic Building, 1F", "rooms": 2, "opens": 480, "closes": 1020},
    {"code": "XRAY", "kind": "exam", "name_zh": "胃肠造影室", "name_en": "Fluoroscopy", "place_zh": "医技楼1层",
     "place_en": "Diagnostic Building, 1F", "rooms": 1, "opens": 480, "closes": 690},
    {"code": "ECHO", "kind": "exam", "name_zh": "心脏超声室", "name_en": "Echocardiography", "place_zh": "医技楼2层",
     "place_en": "Diagnostic Building, 2F", "rooms": 2, "opens": 480, "closes": 1020},
    {"code": "ECG", "kind": "exam", "name_zh": "动态心电血压室", "name_en": "Holter room", "place_zh": "医技楼2层",
     "place_en": "Diagnostic Building, 2F", "rooms": 1, "opens": 480, "closes": 1020},
)

DRAW = 3600 // 35       # seconds: one nurse draws 30 to 40 people an hour

TESTS: tuple[dict[str, Any], ...] = (
    {"code": "GASTRO", "station": "ENDO", "name_zh": "胃镜", "name_en": "Gastroscopy", "seconds": 900, "fasting": True,
     "escort": True, "youngest": 14,
     "before_zh": "前一晚10点后不吃东西，早上不喝水\n吃抗凝药的，先问医生要不要停药",
     "before_en": "No food after 10 pm, no water in the morning\nBlood thinners: ask your doctor first"},
    {"code": "COLON", "station": "ENDO", "name_zh": "肠镜", "name_en": "Colonoscopy", "seconds": 1800, "fasting": True,
     "escort": True, "youngest": 14,
     "before_zh": "前两天吃少渣饭，按说明喝完泻药\n吃抗凝药的，先问医生要不要停药",
     "before_en": "Low-fibre food for 2 days, then drink the bowel preparation\nBlood thinners: ask your doctor first"},
    {"code": "CTC", "station": "CT", "name_zh": "增强CT", "name_en": "Contrast CT", "seconds": 1200, "fasting": True,
     "before_zh": "检查前4小时不吃东西，可以喝水\n吃二甲双胍的，先问医生要不要停药\n对造影剂过敏的，请告诉医生",
     "before_en": "No food for 4 hours before; water is fine\n"
                  "Metformin: ask your doctor first\n"
                  "Tell the doctor of any allergy to contrast"},
    {"code": "BARIUM", "station": "XRAY", "name_zh": "钡餐造影", "name_en": "Barium meal", "seconds": 1200, "fasting": True,
     "ends_fast": True,
     "before_zh": "前一晚10点后不吃不喝",
     "before_en": "No food or drink after 10 pm"},
    {"code": "ECHO", "station": "ECHO", "name_zh": "心脏彩超", "name_en": "Echocardiography", "seconds": 1200,
     "before_zh": "穿宽松的上衣",
     "before_en": "Wear a loose top"},
    {"code": "HOLTER", "station": "ECG", "name_zh": "动态心电图", "name_en": "Holter (24 h ECG)", "seconds": 900,
     "before_zh": "前一天洗好澡，戴上后24小时不能洗澡\n第二天同一时间来取下",
     "before_en": "Shower the day before; none for 24 hours after\nCome back at the same time the next day"},
    {"code": "ABPM", "station": "ECG", "name_zh": "动态血压", "name_en": "Ambulatory blood pressure", "seconds": 900,
     "before_zh": "穿宽松的短袖\n降压药按医生说的吃\n第二天同一时间来取下",
     "before_en": "Wear loose short sleeves\n"
                  "Blood pressure pills: as your doctor says\n"
                  "Come back at the same time the next day"},
    {"code": "BIOCHEM", "station": "BLOOD", "name_zh": "生化全套", "name_en": "Biochemistry", "seconds": DRAW, "fasting": True,
     "tubes_zh": "黄管1支", "tubes_en": "1 yellow tube",
     "before_zh": "前一晚10点后不吃东西，可以喝少量水",
     "before_en": "No food after 10 pm; a little water is fine"},
    {"code": "CBC", "station": "BLOOD", "name_zh": "血常规", "name_en": "Blood count", "seconds": DRAW,
     "tubes_zh": "紫管1支", "tubes_en": "1 purple tube",
     "before_zh": "",
     "before_en": ""},
    {"code": "OGTT", "station": "BLOOD", "name_zh": "糖耐量试验", "name_en": "Glucose tolerance test", "seconds": DRAW,
     "fasting": True, "ends_fast": True, "latest": 510, "draws": [0, 60, 120], "tubes_zh": "灰管3支",
     "tubes_en": "3 grey tubes",
     "before_zh": "前一晚10点后不吃不喝\n抽血3次，共2小时\n喝糖水后不吃东西、不走远",
     "before_en": "No food or drink after 10 pm\n"
                  "Three draws in 2 hours\n"
                  "After the glucose drink eat nothing and stay near"},
    {"code": "INSULIN", "station": "BLOOD", "name_zh": "胰岛素释放试验", "name_en": "Insulin release test", "seconds": DRAW,
     "fasting": True, "ends_fast": True, "latest": 510, "draws": [0, 30, 60, 120, 180], "tubes_zh": "黄管5支",
     "tubes_en": "5 yellow tubes",
     "before_zh": "前一晚10点后不吃不喝\n早上先不打胰岛素、不吃降糖药\n抽血5次，共3小时",
     "before_en": "No food or drink after 10 pm\nNo insulin or diabetes pills in the morning\nFive draws in 3 hours"},
)

SEQUENCES = (("CTC", "BARIUM", 7),)     # barium in the bowel hides what the contrast shows

# What the doctors have ordered, by the place of the patient among the seeded ones (0: the first card of the bench).
ORDERS = ((0, "GASTRO"), (0, "COLON"), (0, "ECHO"), (0, "BIOCHEM"), (0, "CBC"), (1, "BIOCHEM"), (1, "HOLTER"), (2, "OGTT"),
          (3, "INSULIN"), (4, "CTC"), (4, "BARIUM"), (5, "ABPM"), (6, "BIOCHEM"), (7, "ECHO"), (8, "OGTT"))
