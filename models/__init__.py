"""Set-ups, parameter sets, scenarios and statistics: what a run of the twin is made from."""
