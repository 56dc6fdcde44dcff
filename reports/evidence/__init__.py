"""What proves a verdict: pictures, values, answers side by side, conversations. Feeds pages and messages."""
