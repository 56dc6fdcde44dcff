"""What broke and what explains it: causes, classes, harm."""
