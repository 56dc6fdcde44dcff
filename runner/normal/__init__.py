"""What is normal: people's acts on it, its versions, its files, and stored runs judged again."""
