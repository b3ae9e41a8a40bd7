"""Who is at the door, and may they come in: pure logic, the clock is an argument."""
