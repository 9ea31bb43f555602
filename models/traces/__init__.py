"""Traces: what happened in a world and when, in files that both worlds write alike."""
