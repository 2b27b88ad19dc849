"""How fast and how light the kiosk is: figures measured on this machine, each beside what it is to reach.

Absolute times mean little on another machine, so most figures are ratios against a *bare* program doing the least of
the same kind: a Kivy window with one label, or SQLite fed the same statements. Kiosk and bare program take turns, as
whole processes on one virtual screen, and medians are compared. Figures are printed; they are no tests.

The kiosk that is measured is the real one, with a whole lobby around it (kiosk.bring_up). It is watched from outside: its
window's frames, its calls and its bytes are timed by wrapping them in the measured process; the product has no branch
for it.
"""
