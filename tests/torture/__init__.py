"""Kills, power cuts, lost answers and forgotten patients by the thousand; the outside books are held against the promises.

One seed says everything: who comes, what they answer, what fails, when the machine dies. A seed that breaks a promise
is the bug report, and stays in regressions.txt.
"""
