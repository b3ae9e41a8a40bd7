"""What has happened, written down for people and machines that watch over the site: sinks of events."""
