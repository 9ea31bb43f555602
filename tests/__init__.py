"""The tests; a package, so that one that a dependency installs under this name is not found."""
