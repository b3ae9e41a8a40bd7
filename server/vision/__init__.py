"""All that runs in a worker process: decode, detect, align, embed. Only here is dlib imported."""
