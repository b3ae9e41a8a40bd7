"""Other rules: what they would mean, what they would have meant, and putting them in force."""
