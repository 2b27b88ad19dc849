"""Twins: every device of the lobby, answering in its own bytes on a pseudo-terminal, and the bench they stand on.

Production code has no test branch: the real drivers talk to these. A twin is written from the device's manual alone
and imports no driver and no contract, so that two readings of the manual must agree.

    from drivers.sim.bench import Bench
    from drivers.sim.cards import Card, DECK

    with Bench(tmp_path, speed=100) as bench:          # speed: 1 = as slow as the real machines
        bench.urls                                      # {"idcard": "serial:///…/tty/idcard?baud=115200", "scanner": …}
        bench.idcard.put("resident")                    # a name of DECK, a Card, or a mapping of Card's fields
        bench.idcard.put("resident", ms=300)            # lies there for 300 ms only
        bench.idcard.lift()
        bench.scanner.show("V000000000001")
        ticket = bench.printer.ticket(1, timeout=5)     # waits for the first finished ticket (they count from 1)
        ticket.lines[0].text, .align, .wide, .high, .bold, .underline
        ticket.text                                     # all lines joined by newlines
        ticket.codes[0].kind, .data                     # "qr" | "code128", its contents
        ticket.cut                                      # "full", "partial", or "" (torn off, or the roll ended)
        ticket.raw, ticket.unknown, ticket.png()        # bytes printed; what the printer did not understand; picture
        bench.printer.until(lambda: bench.printer.idle) # any twin: wait for a condition, TimeoutError after 5 s

`Bench(state, speed=1.0, tcp={"printer": 0})` gives the named devices a TCP port (0: any free one) instead of a tty;
`Bench(state, devices=("ups", "scanner"))` puts other devices on it than the usual three, reached as `bench.devices["ups"]`.

Verbs are methods; each is reachable by HTTP too (`POST /twins/<device>/<verb>`, arguments as JSON).
Switches take `on: bool = True`.

* every twin: `silent(on)` works but its answers are lost, `slow(ms)`, `split(on, gap_ms=0)` single bytes,
  `garble(n=1)` the next n answers, `garbage(n=8)` n stray bytes before the next answer, `duplicate(on)`,
  `echo(on)` what the machine sends comes back first, `truncate(after)` the next answer ends after so many bytes,
  `unplug()`, `plug()`, `heal()` everything well again
* `idcard`: `put`, `lift`, `lift_after(n=700)` card gone after n bytes of the next record, `self_test_failed(on)`,
  `timeout_frame(n=1)`; damaged and forged cards are cards: `Card(…, status=0x41)`
* `scanner`: `show(code, encoding="utf-8")`, `hide`, `rubbish`, `half(code)`, `both(first, second)`,
  `suffix(kind="crlf" | "cr" | "lf" | "none")`, `speak(language="all" | "unified" | "nls" | "zonebit" | "honeywell")`,
  `restart()` it forgets what it was told; `.shines` the light that a host asked for is on
* `stripe`, `stripe_keys` (key strokes): `swipe(number, rest="")`, `bank_card`, `half`, `misread`, `blank`,
  `framing(kind="text" | "stx" | "bits")`, `lrc(on)`
* `socialcard`, `visitcard`, slots of one PC/SC reader: `put(card)`, `lift`, `lift_after(n)` commands, `mute(on)`, `t0(on)`,
  `wrong_length(on)` 6Cxx; `socialcard` also `no_name_end(on)`, `locked(on)`, `by_number_only(on)`, `old_select(on)`;
  `visitcard` and `icm522` `wrong_key(on)`; `icm522` `lift_before_read(on)`
* `printer`: `paper_out(on)` (off: a new roll), `paper_out_after(lines)`, `near_end(on)`, `cover_open(on)`,
  `cutter_error(on)`, `cutter_jams()` at the next cut, `jam(on)`, `head_hot(on)`, `broken(on)`, `power_off(on)`,
  `no_completion(on)` no GS ( H, `asb_at_start(on)`, `drawer(on)`, `feed_button(on)`, `no_near_end_sensor(on)`,
  `epson_sizes(on)` GS ! sizes Chinese too, `width(mm=80 | 58)`, `tear()` takes what hangs out
* `a4`, behind a real print server of CUPS: `paper_out(on)`, `paper_out_after(sheets)`, `paper_low(on)`, `jam(on)`,
  `toner_low(on)`, `toner_out(on)`, `cover_open(on)`, `offline(on)`, `pages_per_minute(n)`, `no_count(on)` of its sheets;
  `unplug()` ends the server. `.reports` what lies in its tray: `.title`, `.sheets`, `.pages`, `.document`, `.whole`
* `spooled`: the ticket printer with all its verbs, behind a raw queue of such a server
* `board`: `input(number, on)` current on an input, `restart()` all relays off, `broken(on)`, `address(number)`;
  `.relays`, `.inputs`, `.switched` how often any relay changed
* `lightbar`: `restart()`; `.lamps` those that are lit, `.mask`, `.history`
* `ups`: `mains(on)`, `low(on)`, `broken(on)`, `standby(on)` it tells its whole battery's voltage; `.orders`, `.off`
* `crt571`, `k720`, `crt310`, the movers of cards: `insert(uid)` a card, held at the mouth until it opens, `keep()` it after
  all, `take()` what is at the mouth, `refill(n)`, `empty_bin()`, `hopper_after(n)` cards left, `bin_full(on)`, `jam()` and
  `pull()` in the next move, `no_ack(on)`, `nak(n)`, `wrong_bcc(n)`, `late(on)` an answer after it was taken back,
  `no_chip(on)`, `restart()`, `short_card()`; `.spot`, `.card`, `.hopper`, `.drawn`, `.taken`, `.captured`
* `terminal` and `vendor`, where bank cards are paid with: `tap()`, `cancel()`, `absent(on)` nobody taps, `declines(on)`,
  `answer_lost(on)` it was paid and nobody is told, `other_amount(on)`, `other_reference(on)`, `no_query(on)`; `terminal`
  also `power_off(on)`, `vendor` `not_ready(on)`; `.book` of all transactions, by reference

`python -m drivers.sim` runs the bench with its panel, a web page for people.
"""
