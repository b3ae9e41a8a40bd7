"""The history in SQL: what was decided, who visited, what operators did, how terminals fared."""
