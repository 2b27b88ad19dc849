"""What was asked for, what came, what goes back. Everything here is integer fen."""
