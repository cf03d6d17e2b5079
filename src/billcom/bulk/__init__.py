"""Many writes of one kind in one request: BILL does all of a request or nothing of it."""
