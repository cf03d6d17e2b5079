"""One BILL call, or one effect, each as a Prefect task: its name in run history, its retry policy."""
