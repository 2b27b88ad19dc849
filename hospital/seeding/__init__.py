"""An invented hospital that behaves like a real one: for demonstrations and for trying things out."""
