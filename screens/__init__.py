"""The machine's face. One file per kind of question; draws a request, sends an answer."""
