"""What proves a verdict, for pages: pictures, values, answers side by side, conversations, documents."""
