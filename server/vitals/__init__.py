"""How the server itself is doing, as plain numbers."""
