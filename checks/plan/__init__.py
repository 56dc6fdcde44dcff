"""What the judge will be able to find, before anybody waits for it. Pure simulation with the judge's own machines."""
