"""What the hospital's side promises in figures, measured here and now: one file for each, with a `main`."""
