"""Fit parameters to what was measured, and say how surely each is known."""
