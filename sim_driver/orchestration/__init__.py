"""Heat: it executes the very template that the core made, in one of its two architectures."""
