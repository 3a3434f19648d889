"""What is said once and followed everywhere: the fields and who wins them. Imports nothing of the project."""
