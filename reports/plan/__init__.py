"""What ``holdfast plan`` says: nouns, sentences, and one format a file. Feeds the command."""
