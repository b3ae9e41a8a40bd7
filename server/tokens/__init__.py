"""By which secrets and certificates a terminal proves that it is the one it says it is."""
