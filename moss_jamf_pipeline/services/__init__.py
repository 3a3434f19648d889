"""What a person or a program can ask for, as typed results without presentation: the doors call these."""
