"""From embeddings to whom a face is nearest to, and what a distance risks. Pure."""
