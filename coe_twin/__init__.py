"""coe-twin: a digital twin and capacity planner for container clusters, with a real driver.

The one name that is installed. Its parts are folders at the top of the repository, which this
folder links to.
"""
