from django.contrib import admin
from django.urls import include, path

from hospital.kiosk.api import api
from hospital.money.notify import alipay, wechat

urlpatterns = [
    path("api/kiosk/v1/", api.urls),
    path("fhir/R4/", include("hospital.fhir.urls")),
    path("pay/wechat/notify", wechat),
    path("pay/alipay/notify", alipay),
    path("console/", include("hospital.console.urls")),
    path("admin/", admin.site.urls),
]
