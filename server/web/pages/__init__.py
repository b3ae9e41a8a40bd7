"""The pages: read only; what they change they change through the API."""
