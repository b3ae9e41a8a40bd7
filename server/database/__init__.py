"""What is kept in SQL: the connection, its one writer, and the steps from an older layout to this one."""
