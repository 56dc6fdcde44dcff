"""What each wire dialect says, as bytes: one file an example, written by us from the documented shapes."""
