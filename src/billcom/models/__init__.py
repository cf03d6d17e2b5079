"""What goes over the wire to BILL and back, one module per noun."""
