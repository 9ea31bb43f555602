"""Nova: API, conductor, scheduler, compute hosts."""
