"""Examinations and blood draws: from the doctor's order to a time, a slip and the desk's list."""
