"""Who is on a still picture, for whoever asks at the console. A picture proves no life: it opens nothing."""
