"""The seams: Protocols that a world implements and the core is written against."""
