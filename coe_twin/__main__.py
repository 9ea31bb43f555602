"""`python -m coe_twin` is `coe-twin`."""

from coe_twin.coe_cli.main import app_entry

if __name__ == "__main__":
    app_entry()
