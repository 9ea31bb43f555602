"""Conformance suites: scenes that hold an implementation of a seam to its contract rules.

They are shipped, so that whoever implements a seam can run the same suite. A scene is an async
function that plays on an implementation and raises AssertionError where it breaks a rule. How the
implementation is built, and which test runner plays the scenes, is the caller's: see
`tests/conformance` for pytest. Run without Python's `-O`, which takes the assertions away.
"""
