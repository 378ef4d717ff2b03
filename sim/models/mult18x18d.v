// Lattice ECP5's MULT18X18D, for simulation: the multiplier alone, without shift chains, from Lattice TN1267 (sysDSP usage guide).
// Registers of operands, partial products and result each have a clock of CLK0..3 or NONE, an enable of CE0..3 and a reset of RST0..3.
// Operands are signed or not by SIGNEDA and SIGNEDB. Resets are synchronous. What is not modelled stops the simulation.

module MULT18X18D (
  input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
  input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
  input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  input CLK3, CLK2, CLK1, CLK0, CE3, CE2, CE1, CE0, RST3, RST2, RST1, RST0,
  output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
  output P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTA_CE = "CE0", REG_INPUTA_RST = "RST0";
  parameter REG_INPUTB_CLK = "NONE", REG_INPUTB_CE = "CE0", REG_INPUTB_RST = "RST0";
  parameter REG_PIPELINE_CLK = "NONE", REG_PIPELINE_CE = "CE0", REG_PIPELINE_RST = "RST0";
  parameter REG_OUTPUT_CLK = "NONE", REG_OUTPUT_CE = "CE0", REG_OUTPUT_RST = "RST0";
  parameter RESETMODE = "SYNC", SOURCEB_MODE = "B_SHIFT";

  initial if (RESETMODE != "SYNC" || SOURCEB_MODE != "B_SHIFT") $fatal(1, "MULT18X18D: this setting is not modelled");

  wire [17:0] a, b, multiplicand, multiplier;
  wire [35:0] product, partial;
  assign a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  assign b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};

  MULT18X18D_REGISTER #(.WIDTH(18), .CLK(REG_INPUTA_CLK), .CE(REG_INPUTA_CE), .RST(REG_INPUTA_RST)) input_a (
    .clk({CLK3, CLK2, CLK1, CLK0}), .ce({CE3, CE2, CE1, CE0}), .rst({RST3, RST2, RST1, RST0}), .d(a), .q(multiplicand));
  MULT18X18D_REGISTER #(.WIDTH(18), .CLK(REG_INPUTB_CLK), .CE(REG_INPUTB_CE), .RST(REG_INPUTB_RST)) input_b (
    .clk({CLK3, CLK2, CLK1, CLK0}), .ce({CE3, CE2, CE1, CE0}), .rst({RST3, RST2, RST1, RST0}), .d(b), .q(multiplier));

  // A sign bit above each operand: zero where it is unsigned.
  wire signed [18:0] left, right;
  wire signed [37:0] full;
  assign left = {SIGNEDA & multiplicand[17], multiplicand};
  assign right = {SIGNEDB & multiplier[17], multiplier};
  assign full = left * right;
  assign product = full[35:0];

  MULT18X18D_REGISTER #(.WIDTH(36), .CLK(REG_PIPELINE_CLK), .CE(REG_PIPELINE_CE), .RST(REG_PIPELINE_RST)) pipeline (
    .clk({CLK3, CLK2, CLK1, CLK0}), .ce({CE3, CE2, CE1, CE0}), .rst({RST3, RST2, RST1, RST0}), .d(product), .q(partial));
  MULT18X18D_REGISTER #(.WIDTH(36), .CLK(REG_OUTPUT_CLK), .CE(REG_OUTPUT_CE), .RST(REG_OUTPUT_RST)) result (
    .clk({CLK3, CLK2, CLK1, CLK0}), .ce({CE3, CE2, CE1, CE0}), .rst({RST3, RST2, RST1, RST0}), .d(partial),
    .q({P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
        P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0}));
endmodule

module MULT18X18D_REGISTER (clk, ce, rst, d, q);
  parameter WIDTH = 18, CLK = "NONE", CE = "CE0", RST = "RST0";
  input [3:0] clk, ce, rst;
  input [WIDTH-1:0] d;
  output [WIDTH-1:0] q;

  localparam [1:0] CLOCK = CLK == "CLK3" ? 3 : CLK == "CLK2" ? 2 : CLK == "CLK1" ? 1 : 0;
  localparam [1:0] ENABLE = CE == "CE3" ? 3 : CE == "CE2" ? 2 : CE == "CE1" ? 1 : 0;
  localparam [1:0] RESET = RST == "RST3" ? 3 : RST == "RST2" ? 2 : RST == "RST1" ? 1 : 0;

  generate
    if (CLK == "NONE") begin : none
      assign q = d;
    end else begin : one
      reg [WIDTH-1:0] state;
      always @(posedge clk[CLOCK]) begin
        if (rst[RESET]) state <= 0;
        else if (ce[ENABLE]) state <= d;
      end
      assign q = state;
    end
  endgenerate
endmodule
