// iCE40's PLL, for simulation without time, from Lattice TN1251: its output is its input. The rest comes with Yosys.

module SB_PLL40_PAD (PACKAGEPIN, RESETB, BYPASS, PLLOUTGLOBAL, LOCK);
  input PACKAGEPIN, RESETB, BYPASS;
  output PLLOUTGLOBAL, LOCK;
  parameter FEEDBACK_PATH = "SIMPLE";
  parameter DIVR = 0, DIVF = 0, DIVQ = 0, FILTER_RANGE = 0;

  assign PLLOUTGLOBAL = PACKAGEPIN;
  assign LOCK = RESETB;
endmodule
