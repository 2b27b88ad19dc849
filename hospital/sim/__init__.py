"""Twins of the outside world: each speaks as the real one does, from its manual, and shares no code with our
side.
"""
