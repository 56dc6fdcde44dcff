"""What is told of an incident, whatever the channel. Feeds the notifiers, the outbox and the store."""
