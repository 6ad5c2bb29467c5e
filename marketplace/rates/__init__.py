"""What a coin is worth: polled by the timetable, checked, kept, and read without ever touching the network."""
