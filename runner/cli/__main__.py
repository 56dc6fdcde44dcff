"""``python -m runner.cli``: the command where its script is not on the path."""

from runner.cli import main

main()
