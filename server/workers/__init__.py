"""The processes that look at pictures, as the event loop sees them."""
