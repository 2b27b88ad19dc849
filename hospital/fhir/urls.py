"""Below /fhir/R4/."""

from django.urls import path, re_path

from hospital.fhir import door

urlpatterns = [
    path("metadata", door.metadata),
    re_path(r"^(?P<type>[A-Za-z]+)/\$(?P<name>[a-z]+)$", door.operate),
    path("<str:type>/_search", door.search, {"posted": True}),
    path("<str:type>/<str:id>", door.read),
    path("<str:type>", door.search),
    re_path(r"^(?P<rest>.*)$", door.nowhere),
]
