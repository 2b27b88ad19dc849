"""What the machines in the lobby may ask of this server, and which machines those are."""
