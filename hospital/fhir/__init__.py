"""The FHIR R4 door, for the hospital's other systems: rosters, free times, holding and booking, on the kiosks' rules."""
