"""How people can say who they are: what may be shown, and at which device of a machine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

PROOFS = ("idcard", "social", "visit_card", "typed")
"""What can be shown: an identity document, a social security card, a visit card; or a number that somebody knows."""

PROOF_AT = {"idcard": "idcard", "social": "social", "visit_card_reader": "visit_card", "stripe": "visit_card",
            "cards": "visit_card", "scanner": "visit_card", "typed": "typed"}
"""Every way by its device (or `typed`), in the order in which people are told of them, and what is shown there."""

READERS = tuple(way for way in PROOF_AT if way != "typed")


@dataclass(frozen=True)
class Ways:
    """`readers`: the devices of this machine that work now. `accepts`: what the hospital takes; an ID card always. `shut`:
    services that staff have closed here, each with the word for why."""

    readers: tuple[str, ...] = ("idcard", "scanner")
    accepts: tuple[str, ...] = PROOFS
    shut: tuple[tuple[str, str], ...] = ()

    def take(self, proof: str) -> bool:
        """Does the hospital take it?"""
        return proof == "idcard" or proof in self.accepts

    def to(self, proofs: Collection[str]) -> tuple[str, ...]:
        """The ways on which one of these can be shown here and now."""
        return tuple(way for way, proof in PROOF_AT.items()
                     if proof in proofs and self.take(proof) and (way == "typed" or way in self.readers))

    def without(self, gone: Collection[str]) -> Ways:
        """While these devices do not work."""
        return replace(self, readers=tuple(reader for reader in self.readers if reader not in gone))
