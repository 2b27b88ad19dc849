"""The code words WeChat Pay refuses with, and the HTTP status of each (manual: error tables of every call).
"""

_STATUS = {
    "PARAM_ERROR": (400, "参数错误"),
    "INVALID_REQUEST": (400, "无效请求"),
    "APPID_MCHID_NOT_MATCH": (400, "appid和mch_id不匹配"),
    "MCH_NOT_EXISTS": (400, "商户号不存在"),
    "USERPAYING": (202, "用户支付中，需要输入密码"),
    "AUTH_CODE_INVALID": (400, "付款码无效"),
    "ORDER_REVERSED": (400, "该订单已撤销"),
    "ORDER_CLOSED": (400, "该订单已关闭"),
    "ORDERPAID": (400, "该订单已支付"),
    "SIGN_ERROR": (401, "验证不通过"),
    "NO_AUTH": (403, "商户无权限"),
    "OUT_TRADE_NO_USED": (403, "商户订单号重复"),
    "RULE_LIMIT": (403, "业务规则限制"),
    "TRADE_ERROR": (403, "交易错误"),
    "ACCOUNT_ERROR": (403, "账号异常"),
    "NOT_ENOUGH": (403, "余额不足"),
    "USER_ACCOUNT_ABNORMAL": (403, "用户账号异常"),
    "REQUEST_BLOCKED": (403, "请求被拦截"),
    "ORDER_NOT_EXIST": (404, "订单不存在"),
    "RESOURCE_NOT_EXISTS": (404, "查询的资源不存在"),
    "NO_STATEMENT_EXIST": (400, "账单文件不存在"),
    "STATEMENT_CREATING": (400, "账单生成中，请稍后重试"),
    "FREQUENCY_LIMITED": (429, "频率超限"),
    "SYSTEM_ERROR": (500, "系统异常，请稍后重试"),
    "BANK_ERROR": (500, "银行系统异常"),
}

# The number of a known error, carried as the suffix of Request-ID.
_NUMBER = {
    "ORDER_NOT_EXIST": 268512771, "FREQUENCY_LIMITED": 268447840, "ORDERPAID": 268449538,
    "ORDER_CLOSED": 268447914, "SIGN_ERROR": 268443699, "OUT_TRADE_NO_USED": 268498688}


class Refusal(Exception):
    """A request, or a patient's payment, that the rules refuse."""

    def __init__(self, code: str, message: str = "") -> None:
        """code: a code word; one the manual does not list counts as a 400. message: instead of the usual one.
        """
        self.status, usual = _STATUS.get(code, (400, code))
        self.code = code
        self.message = message or usual
        self.number = _NUMBER.get(code, 0)
        super().__init__(f"{code}: {self.message}")
