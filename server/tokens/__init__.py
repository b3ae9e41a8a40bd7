"""By which secret a terminal proves that it is the one it says it is."""
