"""What acts do besides moving a case, one file for each way; all of it runs inside the act's transaction."""
