"""Who may use the console and the API: accounts, sessions, keys, and what each of them may do."""
