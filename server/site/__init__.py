"""What the console does to a site's files: its photos and people.toml. No web in it; everything blocks."""
