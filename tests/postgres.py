"""A PostgreSQL of the tests' own: made in a new folder, reachable by a socket there only, gone afterwards."""

from hospital.figures._postgres import Postgres

__all__ = ["Postgres"]
