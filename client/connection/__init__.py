"""The way to the server: one connection at a time, what is sent, what its answers leave behind."""
