"""What a browser is served: needs the extra `web`."""
