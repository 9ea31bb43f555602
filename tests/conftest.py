"""How many examples Hypothesis tries; COE_HYPOTHESIS_PROFILE chooses.

Every profile prints a `@reproduce_failure` line with a failure, which replays it when it is put
above the test. `ci` draws the same examples each time; the others print a new seed.
"""

import os

from hypothesis import settings

settings.register_profile("dev", max_examples=25, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True, derandomize=True)
settings.register_profile("nightly", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("COE_HYPOTHESIS_PROFILE", "ci"))
