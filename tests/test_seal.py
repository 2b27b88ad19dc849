"""What is sealed can be read with the machine's key alone, and only if it is whole."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as some

from kiosk.seal import HEAD, MARK, NONCE, SHORT, Seal, Unsealed, sealing_key
from remains import remains

KEY = bytes(range(32))
ONE = Seal(KEY)
LONG = "两周的时段，".encode() * SHORT


@given(some.binary(max_size=3 * SHORT))
def test_what_was_sealed_comes_back(clear: bytes) -> None:
    assert ONE.opened(ONE.seal(clear)) == clear


def test_it_is_aes_256_gcm_under_a_key_of_its_own() -> None:
    """By the library alone, as another program would read it."""
    sealed = ONE.seal(b"card")
    head, nonce = sealed[:HEAD.size], sealed[HEAD.size:HEAD.size + NONCE]
    assert AESGCM(sealing_key(KEY)).decrypt(nonce, sealed[HEAD.size + NONCE:], head) == b"card"
    assert len(sealing_key(KEY)) == 32 and sealing_key(KEY) != KEY


def test_the_same_is_never_sealed_the_same() -> None:
    assert len({ONE.seal(b"the same") for _ in range(1000)}) == 1000


def test_what_is_long_is_deflated() -> None:
    assert len(ONE.seal(LONG)) < len(LONG) / 20 and ONE.opened(ONE.seal(LONG)) == LONG


@pytest.mark.parametrize("clear", [b"", b"short", LONG])
def test_a_single_wrong_bit_is_seen(clear: bytes) -> None:
    sealed = ONE.seal(clear)
    for at in range(len(sealed) * 8):
        wrong = bytearray(sealed)
        wrong[at // 8] ^= 1 << at % 8
        with pytest.raises(Unsealed):
            ONE.opened(bytes(wrong))


@pytest.mark.parametrize("clear", [b"", b"short", LONG])
def test_what_is_not_whole_is_not_read(clear: bytes) -> None:
    sealed = ONE.seal(clear)
    for bad in (*(sealed[:end] for end in range(len(sealed))), sealed + b"\0", sealed[1:], sealed * 2):
        with pytest.raises(Unsealed):
            ONE.opened(bad)


def test_another_machine_reads_nothing() -> None:
    with pytest.raises(Unsealed):
        Seal(os.urandom(32)).opened(ONE.seal(b"card"))


@pytest.mark.parametrize("clear", [b"short", LONG])
def test_what_is_left_of_it_is_found_in_a_file(clear: bytes) -> None:
    """The search for remains, which other tests trust, finds what is whole, what is cut, and no more than there is."""
    sealed = ONE.seal(clear)
    page = b"\0" * 100 + sealed + MARK + b"rubbish" + ONE.seal(b"another")
    whole = list(remains(page, KEY))
    assert whole[0] == clear and whole[-1] == b"another"
    half = next(iter(remains(b"\1" + sealed[:HEAD.size + NONCE + 40], KEY)))
    assert half and half[:20] == clear[:len(half)][:20]
    assert clear not in list(remains(page, os.urandom(32))) and not list(remains(MARK, KEY))
