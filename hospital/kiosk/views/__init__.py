"""The calls of the kiosk API, by the part of the visit they belong to."""
