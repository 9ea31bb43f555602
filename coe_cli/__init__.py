"""The command `coe-twin`: it reads arguments, calls the planner, and shows the answer."""
