"""What is how good and how fast, against what; each module is a command that prints tables."""
