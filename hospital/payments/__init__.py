"""Ways to take a patient's money and to give it back. `channel` is what the hospital's books speak to."""
