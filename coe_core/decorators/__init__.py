"""Clouds around another cloud: each keeps the rules of the seam, and sees every call of it."""
