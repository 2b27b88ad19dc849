"""Departments and doctors of the invented hospital. No such place, no such people."""

from __future__ import annotations

from typing import NamedTuple


class Dept(NamedTuple):
    code: str
    zh: str
    en: str
    place_zh: str
    place_en: str
    key: bool
    fee: int                # general clinic, fen
    hours: str              # of the general clinic: day (08:00-17:30), evening (to 21:00), night (to 24:00), always
    topic_zh: str           # of its special clinic
    topic_en: str


DEPARTMENTS = (
    Dept("GP", "全科医学科", "General Practice", "门诊楼1层A区", "Outpatient Building, 1F, Area A", True, 0, "always",
         "慢病管理", "chronic disease management"),
    Dept("ER", "急诊科", "Emergency", "急诊楼1层", "Emergency Building, 1F", True, 1500, "always",
         "急诊随访", "emergency follow-up"),
    Dept("RESP", "呼吸内科", "Respiratory Medicine", "门诊楼2层A区", "Outpatient Building, 2F, Area A", True, 1000,
         "night", "慢性咳嗽", "chronic cough"),
    Dept("CARD", "心血管内科", "Cardiology", "门诊楼2层B区", "Outpatient Building, 2F, Area B", True, 1000, "night",
         "高血压", "hypertension"),
    Dept("GAST", "消化内科", "Gastroenterology", "门诊楼2层C区", "Outpatient Building, 2F, Area C", True, 1000,
         "evening", "幽门螺杆菌", "Helicobacter pylori"),
    Dept("ENDO", "内分泌科", "Endocrinology", "门诊楼3层A区", "Outpatient Building, 3F, Area A", False, 1000, "evening",
         "糖尿病", "diabetes"),
    Dept("NEUR", "神经内科", "Neurology", "门诊楼3层B区", "Outpatient Building, 3F, Area B", False, 1000, "evening",
         "头痛头晕", "headache and dizziness"),
    Dept("SURG", "普通外科", "General Surgery", "门诊楼3层C区", "Outpatient Building, 3F, Area C", False, 1000, "evening",
         "甲状腺", "thyroid"),
    Dept("ORTH", "骨科", "Orthopaedics", "门诊楼4层A区", "Outpatient Building, 4F, Area A", False, 1000, "evening",
         "颈肩腰腿痛", "neck, back and joint pain"),
    Dept("PED", "儿科", "Paediatrics", "儿科楼1层", "Children's Building, 1F", True, 1200, "night",
         "儿童哮喘", "childhood asthma"),
    Dept("OBGY", "妇产科", "Obstetrics and Gynaecology", "门诊楼4层B区", "Outpatient Building, 4F, Area B", False, 1000,
         "evening", "产前检查", "antenatal care"),
    Dept("OPHT", "眼科", "Ophthalmology", "门诊楼5层A区", "Outpatient Building, 5F, Area A", False, 1000, "day",
         "干眼", "dry eye"),
    Dept("ENT", "耳鼻咽喉科", "Ear, Nose and Throat", "门诊楼5层B区", "Outpatient Building, 5F, Area B", False, 1000,
         "day", "过敏性鼻炎", "allergic rhinitis"),
    Dept("DENT", "口腔科", "Dentistry", "门诊楼5层C区", "Outpatient Building, 5F, Area C", False, 1000, "evening",
         "儿童口腔", "children's dentistry"),
    Dept("DERM", "皮肤科", "Dermatology", "门诊楼4层C区", "Outpatient Building, 4F, Area C", False, 1000, "evening",
         "痤疮", "acne"),
    Dept("TCM", "中医科", "Traditional Chinese Medicine", "门诊楼6层A区", "Outpatient Building, 6F, Area A", False, 800,
         "day", "针灸", "acupuncture"),
)

# Per department: chief, associate chief, attending, resident where there are four. (name, pinyin, speciality)
DOCTORS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "GP": (("周明远", "Zhou Mingyuan", "老年慢病综合管理", "multimorbidity in older people"),
           ("何静怡", "He Jingyi", "高血压、糖尿病随访", "follow-up of hypertension and diabetes"),
           ("苏晓岚", "Su Xiaolan", "家庭医学", "family medicine")),
    "ER": (("石建军", "Shi Jianjun", "创伤与急救", "trauma and emergency care"),
           ("潘立新", "Pan Lixin", "胸痛急诊", "acute chest pain"),
           ("邹小川", "Zou Xiaochuan", "急诊内科", "emergency medicine")),
    "RESP": (("林国栋", "Lin Guodong", "慢性阻塞性肺疾病", "chronic obstructive pulmonary disease"),
             ("沈秋雁", "Shen Qiuyan", "支气管哮喘、慢性咳嗽", "asthma and chronic cough"),
             ("许文博", "Xu Wenbo", "肺部感染", "lung infections")),
    "CARD": (("陈伯钧", "Chen Bojun", "冠心病介入治疗", "coronary intervention"),
             ("方雅琴", "Fang Yaqin", "心律失常", "arrhythmia"),
             ("罗海涛", "Luo Haitao", "高血压、心力衰竭", "hypertension and heart failure"),
             ("丁思源", "Ding Siyuan", "心血管常见病", "common heart conditions")),
    "GAST": (("郑怀民", "Zheng Huaimin", "消化道早癌内镜诊治", "endoscopy of early cancers"),
             ("宋佩兰", "Song Peilan", "炎症性肠病", "inflammatory bowel disease"),
             ("梁子轩", "Liang Zixuan", "胃食管反流、幽门螺杆菌", "reflux and Helicobacter pylori")),
    "ENDO": (("唐慧敏", "Tang Huimin", "糖尿病及并发症", "diabetes and its complications"),
             ("冯克勤", "Feng Keqin", "甲状腺疾病", "thyroid disease"),
             ("白雨桐", "Bai Yutong", "肥胖与代谢", "obesity and metabolism")),
    "NEUR": (("谢远山", "Xie Yuanshan", "脑血管病", "cerebrovascular disease"),
             ("姚若兰", "Yao Ruolan", "帕金森病", "Parkinson's disease"),
             ("邓一鸣", "Deng Yiming", "头痛、眩晕", "headache and vertigo")),
    "SURG": (("韩振华", "Han Zhenhua", "肝胆胰外科", "liver, bile and pancreas surgery"),
             ("曹文静", "Cao Wenjing", "甲状腺、乳腺", "thyroid and breast surgery"),
             ("彭志强", "Peng Zhiqiang", "疝与腹壁外科", "hernia surgery")),
    "ORTH": (("蒋铁成", "Jiang Tiecheng", "关节置换", "joint replacement"),
             ("余光耀", "Yu Guangyao", "脊柱外科", "spine surgery"),
             ("范晓东", "Fan Xiaodong", "运动损伤", "sports injuries")),
    "PED": (("叶秀珍", "Ye Xiuzhen", "儿童呼吸、哮喘", "children's lungs and asthma"),
            ("程春霞", "Cheng Chunxia", "新生儿疾病", "newborn care"),
            ("陆佳宁", "Lu Jianing", "儿童保健", "child health"),
            ("康晨曦", "Kang Chenxi", "儿科常见病", "common childhood illness")),
    "OBGY": (("贺淑芬", "He Shufen", "高危妊娠", "high-risk pregnancy"),
             ("邱美玲", "Qiu Meiling", "妇科肿瘤", "gynaecological oncology"),
             ("夏梦洁", "Xia Mengjie", "产前检查", "antenatal care")),
    "OPHT": (("秦仲文", "Qin Zhongwen", "白内障", "cataract"),
             ("江映雪", "Jiang Yingxue", "青光眼", "glaucoma"),
             ("钟一帆", "Zhong Yifan", "屈光、干眼", "refraction and dry eye")),
    "ENT": (("戴宗泽", "Dai Zongze", "耳显微外科", "ear microsurgery"),
            ("汪海燕", "Wang Haiyan", "鼻炎、鼻窦炎", "rhinitis and sinusitis"),
            ("任泽宇", "Ren Zeyu", "咽喉疾病", "throat conditions")),
    "DENT": (("卢志刚", "Lu Zhigang", "种植修复", "implants and restoration"),
             ("顾晓曼", "Gu Xiaoman", "正畸", "orthodontics"),
             ("毛俊杰", "Mao Junjie", "牙体牙髓", "endodontics")),
    "DERM": (("金若愚", "Jin Ruoyu", "银屑病", "psoriasis"),
             ("史丹青", "Shi Danqing", "湿疹、皮炎", "eczema and dermatitis"),
             ("黎可心", "Li Kexin", "痤疮、激光", "acne and laser treatment")),
    "TCM": (("孔令德", "Kong Lingde", "脾胃病", "digestive disorders"),
            ("严守正", "Yan Shouzheng", "针灸推拿", "acupuncture and massage"),
            ("温如玉", "Wen Ruyu", "妇科调理", "women's health")),
}

TITLES = ("chief", "associate_chief", "attending", "resident")

# Patients besides the three of the demonstration: invented names, numbers in the area 999999 that nobody has.
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
GIVEN = ("建国", "秀英", "志强", "桂兰", "浩然", "雨桐", "俊杰", "淑珍", "文博", "思远")
