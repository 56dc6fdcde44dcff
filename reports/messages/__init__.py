"""What is told of an incident, whatever the channel."""
