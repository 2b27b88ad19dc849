"""The registrar's desk (Django admin): sees and acts on everything below; nothing below knows of it."""
