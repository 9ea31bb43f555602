"""Record the net anew: `python -m tests.simulation.record_net`, ten minutes on one core."""

import json

from coe_twin.models.scenario import Scenario
from tests.simulation.net import FOLDER, ROOT, SCENARIOS, recorded


def record() -> None:
    """Write what every replication of every shipped scenario gives now."""
    for name in SCENARIOS:
        study = Scenario.load(ROOT / "scenarios" / f"{name}.yaml").resolve()
        lines = [
            json.dumps(recorded(study, row, replication))
            for row in range(len(study.rows))
            for replication in range(study.replications)
        ]
        text = "[\n" + ",\n".join(lines) + "\n]\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    record()
