"""cocotb benches: the gateware on a real simulator, word by word and stall by stall, against the golden model."""
