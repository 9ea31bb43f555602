# The testbed: a real OpenStack on this machine's loopback, run by Debian's Python.
# Its settings are variables: make openstack-up HYPERVISORS=240 CONVERGENCE=false; see testbed/README.md.

TESTBED := /usr/bin/python3 -m testbed

.PHONY: openstack-up openstack-status openstack-down test-openstack

openstack-up: ## bring up a real OpenStack on 127.0.0.1 (Debian 12)
	@$(TESTBED) up

openstack-status: ## say which of its services run
	@$(TESTBED) status

openstack-down: ## stop it; PURGE=1 removes its state too
	@$(TESTBED) down

# make itself ends with 2, whatever its command ends with: a CI that may go without an OpenStack
# says OPENSTACK_OPTIONAL=1, and only "cannot be had here" (3) is then no failure.
# The large clusters take half an hour more: make test-openstack PYTEST_ARGS="-m ''".
test-openstack: $(SYNCED)-test ## run the tests against a real OpenStack, and bring it up for that
	@status=0; $(TESTBED) up || status=$$?; \
	if [ $$status = 3 ] && [ -n "$(OPENSTACK_OPTIONAL)" ]; then \
		echo "test-openstack: SKIPPED, no test was run: there can be no OpenStack here"; exit 0; \
	fi; \
	[ $$status = 0 ] || exit $$status; \
	$(BIN)/python -m pytest -m "not slow" --durations=12 tests/openstack $(PYTEST_ARGS)
