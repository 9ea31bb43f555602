"""Clusters as Heat Orchestration Templates (HOT): plain dicts, the same in every world."""
