"""When and where the flows run, and with which parameters."""
