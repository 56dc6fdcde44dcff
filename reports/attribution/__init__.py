"""What broke and what explains it: causes, classes, harm. Feeds every format, and the alerts."""
