"""Connected terminals and the way of their frames."""
