"""`python -m coe_cli` is `coe-twin`."""

from coe_cli.main import app_entry

if __name__ == "__main__":
    app_entry()
