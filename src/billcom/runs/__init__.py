"""Payment runs and collection runs: what a sheet or BILL asks for, planned and judged. Sends nothing."""
