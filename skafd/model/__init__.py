"""The words of skafd as types: jobs, deployments, runs, tasks, attempts and their states. Pure data."""
