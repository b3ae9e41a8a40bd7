"""A browser as a door terminal: its page, and the connection that it opens."""
