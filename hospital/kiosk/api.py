"""The kiosk API, version 1, as OpenAPI describes it."""

from ninja import NinjaAPI

from hospital.kiosk.door import KioskToken, open_door
from hospital.kiosk.views import examination, lobby, outpatient, owing, patients, paying, queue, visits
from hospital.version import VERSION

# Its description (openapi.json) needs no token: it says what the README says, and nothing of this hospital or of anybody.
api = NinjaAPI(title="Kiosk API", version=VERSION, urls_namespace="kiosk-v1", docs_url=None, auth=KioskToken())
for part in (lobby, patients, visits, paying, owing, examination, queue, outpatient):
    api.add_router("", part.router)
open_door(api)
