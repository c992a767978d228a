"""A storm of real processes over one company: workers and schedulers are killed, stopped and cut off while promises of seconds fall due."""
