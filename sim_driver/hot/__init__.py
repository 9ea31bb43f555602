"""Heat Orchestration Templates, compiled to graphs that the simulated Heat walks."""
