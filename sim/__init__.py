"""What computes besides the gateware, and what holds it to account."""
