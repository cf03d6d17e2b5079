"""What an organization holds: one module per noun, each with its state and the JSON it is answered as."""
