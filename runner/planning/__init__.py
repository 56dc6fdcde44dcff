"""What a suite will find and cost."""
