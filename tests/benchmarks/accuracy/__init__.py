"""How often strangers are accepted and residents refused, and the table that the thresholds come from."""
