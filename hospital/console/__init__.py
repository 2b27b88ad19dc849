"""The console: pages for the people who work in the hospital. It sees everything below; nothing below knows of it."""
