"""The API under /api/v1: everything that is written is written here, for the pages as well."""
