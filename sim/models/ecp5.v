// Lattice ECP5's block RAM and PLL, for simulation. What is not modelled stops the simulation.

// From Lattice TN1264 (sysMEM usage guide). A side is 1, 2, 4, 9 or 18 bits wide, or 36, which takes the data pins of both: A then only writes,
// and B only reads.
module DP16KD (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
  input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
  input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18, REGMODE_A = "NOREG", REGMODE_B = "NOREG", WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
  parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB", CSDECODE_A = "0b000", CSDECODE_B = "0b000", GSR = "ENABLED";
  parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC";
  parameter [319:0] `FIRST_CONTENT(INITVAL);
  localparam [20479:0] PADDED = {`FROM_THE_HIGHEST(INITVAL)};

  // Of every 20 bits, 18 are two bytes.
  function [18431:0] packed_bytes(input [20479:0] padded);
    integer k;
    for (k = 0; k < 1024; k = k + 1) packed_bytes[18 * k +: 18] = padded[20 * k +: 18];
  endfunction
  function integer gives(input [127:0] mode);
    gives = mode == "WRITETHROUGH" ? 1 : mode == "READBEFOREWRITE" ? 2 : 0;
  endfunction

  initial if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
    $fatal(1, "DP16KD: this setting is not modelled");
  always @(posedge CLKA) if (RSTA || RSTB) $fatal(1, "DP16KD: its reset is not modelled");

  wire [35:0] out_a, out_b;
  NINE_BIT_BYTES #(
    .WIDTH_A(DATA_WIDTH_A), .WIDTH_B(DATA_WIDTH_B), .REGISTER_A(REGMODE_A == "OUTREG"), .REGISTER_B(REGMODE_B == "OUTREG"),
    .GIVES_A(gives(WRITEMODE_A)), .GIVES_B(gives(WRITEMODE_B)), .CONTENT(packed_bytes(PADDED))) bytes (
    .clk(CLKA), .next({OCEB, OCEA}), .write({WEB & (DATA_WIDTH_B != 36), WEA}), .out({out_b, out_a}),
    .enable({CEB & ~(CSB2 | CSB1 | CSB0), CEA & ~(CSA2 | CSA1 | CSA0)}),
    .at({ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
         ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0}),
    .in({18'b0, {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0},
         DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
         DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0}));

  // A word of 36 bits leaves through both sides.
  wire [17:0] from_a, from_b;
  assign from_a = DATA_WIDTH_B == 36 ? out_b[17:0] : out_a[17:0];
  assign from_b = DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = from_a;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = from_b;
endmodule

// From Lattice TN1263 (sysCLOCK usage guide), without time: its first output is its input.
module EHXPLLL (
  input CLKI, CLKFB, RST, STDBY, PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
  output CLKOP, LOCK
);
  parameter CLKI_DIV = 1, CLKFB_DIV = 1, CLKOP_DIV = 1, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0;
  parameter CLKOP_ENABLE = "ENABLED", DPHASE_SOURCE = "DISABLED", FEEDBK_PATH = "CLKOP", INTFB_WAKE = "DISABLED", OUTDIVIDER_MUXA = "DIVA";
  parameter PLLRST_ENA = "DISABLED", STDBY_ENABLE = "DISABLED";

  assign CLKOP = CLKI;
  assign LOCK = ~RST;
endmodule
