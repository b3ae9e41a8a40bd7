"""From the photos in faces/ to one immutable snapshot of embeddings."""
