"""BILL's endpoints, one module per noun: `client.vendors.create(…)`."""
