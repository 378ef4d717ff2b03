// Gowin's MULT18X18, for simulation: the multiplier alone, without shift chains, from Gowin UG287 (DSP user guide).
// AREG, BREG, PIPE_REG and OUT_REG say which registers there are; one clock, enable and reset serves all. Operands are signed or not
// by ASIGN and BSIGN, which ASIGN_REG and BSIGN_REG delay. Resets are synchronous. What is not modelled stops the simulation.

module MULT18X18 (A, SIA, B, SIB, ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET, DOUT, SOA, SOB);
  input [17:0] A, SIA, B, SIB;
  input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET;
  output [35:0] DOUT;
  output [17:0] SOA, SOB;
  parameter AREG = 1'b0, BREG = 1'b0, OUT_REG = 1'b0, PIPE_REG = 1'b0, ASIGN_REG = 1'b0, BSIGN_REG = 1'b0, SOA_REG = 1'b0;
  parameter MULT_RESET_MODE = "SYNC";

  initial if (MULT_RESET_MODE != "SYNC" || SOA_REG != 1'b0) $fatal(1, "MULT18X18: this setting is not modelled");

  reg [17:0] a_register, b_register;
  reg a_sign_register, b_sign_register;
  reg [35:0] pipeline, result;
  wire [17:0] multiplicand, multiplier;
  wire a_sign, b_sign;
  wire [35:0] product, partial;
  assign multiplicand = AREG ? a_register : A;
  assign multiplier = BREG ? b_register : B;
  assign a_sign = ASIGN_REG ? a_sign_register : ASIGN;
  assign b_sign = BSIGN_REG ? b_sign_register : BSIGN;

  // A sign bit above each operand: zero where it is unsigned.
  wire signed [18:0] left, right;
  wire signed [37:0] full;
  assign left = {a_sign & multiplicand[17], multiplicand};
  assign right = {b_sign & multiplier[17], multiplier};
  assign full = left * right;
  assign product = full[35:0];
  assign partial = PIPE_REG ? pipeline : product;
  assign DOUT = OUT_REG ? result : partial;
  assign SOA = multiplicand;
  assign SOB = multiplier;

  always @(posedge CLK) begin
    if (RESET) begin
      a_register <= 0;
      b_register <= 0;
      a_sign_register <= 0;
      b_sign_register <= 0;
      pipeline <= 0;
      result <= 0;
    end else if (CE) begin
      a_register <= A;
      b_register <= B;
      a_sign_register <= ASIGN;
      b_sign_register <= BSIGN;
      pipeline <= product;
      result <= partial;
    end
  end
endmodule
