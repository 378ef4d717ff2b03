// Gowin's block RAMs and PLL, for simulation. What is not modelled stops the simulation.

// From Gowin UG285 (BSRAM user guide): A writes where it is enabled, B reads; READ_MODE 1 is a register behind.
module SDPX9B (CLKA, CEA, RESETA, ADA, BLKSELA, DI, CLKB, CEB, RESETB, OCE, ADB, BLKSELB, DO);
  parameter READ_MODE = 1'b0, BIT_WIDTH_0 = 36, BIT_WIDTH_1 = 36, BLK_SEL_0 = 3'b000, BLK_SEL_1 = 3'b000, RESET_MODE = "SYNC";
  parameter [287:0] `FIRST_CONTENT(INIT_RAM);
  input CLKA, CEA, RESETA, CLKB, CEB, RESETB, OCE;
  input [13:0] ADA, ADB;
  input [2:0] BLKSELA, BLKSELB;
  input [35:0] DI;
  output [35:0] DO;

  always @(posedge CLKA) if (RESETA || RESETB) $fatal(1, "SDPX9B: its reset is not modelled");

  wire [35:0] unused;
  NINE_BIT_BYTES #(.WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .REGISTER_B(READ_MODE), .CONTENT({`FROM_THE_HIGHEST(INIT_RAM)})) bytes (
    .clk(CLKA), .enable({CEB & (BLKSELB == BLK_SEL_1), CEA & (BLKSELA == BLK_SEL_0)}), .write(2'b01), .next({OCE, 1'b0}),
    .at({ADB, ADA}), .in({36'b0, DI}), .out({DO, unused}));
endmodule

// Likewise, with two sides that read and write.
module DPX9B (CLKA, CEA, OCEA, RESETA, WREA, ADA, BLKSELA, DIA, DOA, CLKB, CEB, OCEB, RESETB, WREB, ADB, BLKSELB, DIB, DOB);
  parameter READ_MODE0 = 1'b0, READ_MODE1 = 1'b0, WRITE_MODE0 = 2'b00, WRITE_MODE1 = 2'b00, BIT_WIDTH_0 = 18, BIT_WIDTH_1 = 18;
  parameter BLK_SEL_0 = 3'b000, BLK_SEL_1 = 3'b000, RESET_MODE = "SYNC";
  parameter [287:0] `FIRST_CONTENT(INIT_RAM);
  input CLKA, CEA, OCEA, RESETA, WREA, CLKB, CEB, OCEB, RESETB, WREB;
  input [13:0] ADA, ADB;
  input [2:0] BLKSELA, BLKSELB;
  input [17:0] DIA, DIB;
  output [17:0] DOA, DOB;

  always @(posedge CLKA) if (RESETA || RESETB) $fatal(1, "DPX9B: its reset is not modelled");

  wire [17:0] unused_a, unused_b;
  NINE_BIT_BYTES #(
    .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .REGISTER_A(READ_MODE0), .REGISTER_B(READ_MODE1), .GIVES_A(WRITE_MODE0),
    .GIVES_B(WRITE_MODE1), .CONTENT({`FROM_THE_HIGHEST(INIT_RAM)})) bytes (
    .clk(CLKA), .enable({CEB & (BLKSELB == BLK_SEL_1), CEA & (BLKSELA == BLK_SEL_0)}), .write({WREB, WREA}), .next({OCEB, OCEA}),
    .at({ADB, ADA}), .in({18'b0, DIB, 18'b0, DIA}), .out({unused_b, DOB, unused_a, DOA}));
endmodule

// From Gowin UG286 (clock user guide), without time: its output is its input.
module rPLL (CLKOUT, CLKOUTP, CLKOUTD, CLKOUTD3, LOCK, CLKIN, CLKFB, FBDSEL, IDSEL, ODSEL, DUTYDA, PSDA, FDLY, RESET, RESET_P);
  parameter FCLKIN = "27", DEVICE = "", CLKFB_SEL = "internal", PSDA_SEL = "0000", DUTYDA_SEL = "1000", DYN_DA_EN = "false";
  parameter IDIV_SEL = 0, FBDIV_SEL = 0, ODIV_SEL = 8, DYN_SDIV_SEL = 2;
  parameter DYN_IDIV_SEL = "false", DYN_FBDIV_SEL = "false", DYN_ODIV_SEL = "false";
  parameter CLKOUT_BYPASS = "false", CLKOUTP_BYPASS = "false", CLKOUTD_BYPASS = "false", CLKOUTD_SRC = "CLKOUT", CLKOUTD3_SRC = "CLKOUT";
  input CLKIN, CLKFB, RESET, RESET_P;
  input [5:0] FBDSEL, IDSEL, ODSEL;
  input [3:0] DUTYDA, PSDA, FDLY;
  output CLKOUT, CLKOUTP, CLKOUTD, CLKOUTD3, LOCK;

  assign CLKOUT = CLKIN;
  assign LOCK = ~RESET;
endmodule
