"""From the outbox to the channels: in order, grouped, paced, at least once. Feeds runs, daemon and doctor."""
