"""Where the payment channel tells us news by itself. It repeats until we answer 2xx, and so may a forger."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hospital.money import refunding, settling
from hospital.money.channels import way
from hospital.money.models import Refund
from hospital.payments.channel import Forged, Trade
from hospital.refusal import Refusal

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def wechat(request: HttpRequest) -> HttpResponse:
    """204: written down (or known already). 401: not the channel's word. 404: speaks of nothing of ours."""
    return _hear("wechat", request) or HttpResponse(status=204)


@csrf_exempt
@require_POST
def alipay(request: HttpRequest) -> HttpResponse:
    """The word `success`: written down (or known already). Anything else, and Alipay says it again."""
    return _hear("alipay", request) or HttpResponse("success", content_type="text/plain")


def _hear(channel: str, request: HttpRequest) -> HttpResponse | None:
    """Write the news down; what to answer when it cannot be."""
    found = way(channel)
    if found is None:
        return _fail(404, "no account")
    try:
        news = found.channel.read_notification(request.headers, request.body)
    except Forged:
        log.warning("a notification was not the channel's")
        return _fail(401, "signature")
    if isinstance(news, Trade):
        try:
            settling.learn(news.order_no, news)
        except Refusal:
            log.error("money for an order that is not in the books: %s", news.order_no)
            return _fail(404, "order")
    else:
        refund = Refund.objects.select_related("order").filter(no=news.refund_no).first()
        if refund is None:
            log.error("a refund that is not in the books: %s", news.refund_no)
            return _fail(404, "refund")
        refunding.learn(refund, news)
    return None


def _fail(status: int, message: str) -> JsonResponse:
    return JsonResponse({"code": "FAIL", "message": message}, status=status)
