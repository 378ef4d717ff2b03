"""The gateware as a device: Amaranth to Verilog, Verilog to native code, native code behind a port of 32-bit words."""
