// Lattice ECP5's block RAM and PLL, for simulation. What is not modelled stops the simulation.

// From Lattice TN1264 (sysMEM usage guide): 2048 bytes of 9 bits. A side is 1, 2, 4, 9 or 18 bits wide, or 36, which takes the data pins of both: A
// then only writes, and B only reads. The lowest bits of an address say which bytes of a wide word are written. Both sides have one clock.
// What is read where the other side writes in the same cycle is not defined: here it is the wrong one, bit by bit.
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
  parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0, INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0;
  parameter [319:0] INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0, INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0;
  parameter [319:0] INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0, INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0;
  parameter [319:0] INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0, INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0;
  parameter [319:0] INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0, INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0;
  parameter [319:0] INITVAL_28 = 0, INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0, INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0;
  parameter [319:0] INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0, INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0;
  parameter [319:0] INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0, INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0;
  localparam [20479:0] INIT = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
    INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
    INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
    INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00};

  wire [13:0] at_a, at_b;
  wire [35:0] in_a, in_b;
  wire enabled_a, enabled_b;
  assign at_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  assign at_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  assign in_a = {{DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0}, {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0}};
  assign in_b = {18'b0, {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0}};
  assign enabled_a = CEA & ~(CSA2 | CSA1 | CSA0);
  assign enabled_b = CEB & ~(CSB2 | CSB1 | CSB0);

  // The bytes of a word that lie at an address, and which of them are written.
  function [10:0] first(input [13:0] at, input integer width);
    first = width == 36 ? {at[13:5], 2'b0} : width == 18 ? {at[13:4], 1'b0} : at[13:3];
  endfunction
  function [3:0] marked(input [13:0] at, input integer width);
    marked = width == 36 ? at[3:0] : width == 18 ? {2'b0, at[1:0]} : 4'b1;
  endfunction
  function integer bytes(input integer width);
    bytes = width == 36 ? 4 : width == 18 ? 2 : 1;
  endfunction
  // Of a byte, the bits that a narrow word has, and where they begin.
  function [8:0] mask(input integer width);
    mask = width >= 9 ? 9'h1ff : (1 << width) - 1;
  endfunction
  function integer begins(input [13:0] at, input integer width);
    begins = width == 1 ? at[2:0] : width == 2 ? 2 * at[2:1] : width == 4 ? 4 * at[2] : 0;
  endfunction

  reg [8:0] memory [0:2047];
  integer i, j;
  initial begin
    if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
      $fatal(1, "DP16KD: this setting is not modelled");
    if (WRITEMODE_A == "WRITETHROUGH" || WRITEMODE_B == "WRITETHROUGH") $fatal(1, "DP16KD: this way of writing is not modelled");
    for (i = 0; i < 1024; i = i + 1) begin
      memory[2 * i] = INIT[20 * i +: 9];
      memory[2 * i + 1] = INIT[20 * i + 9 +: 9];
    end
  end
  always @(posedge CLKA) if (RSTA || RSTB) $fatal(1, "DP16KD: its reset is not modelled");

  wire writes_a, writes_b;
  assign writes_a = enabled_a & WEA;
  assign writes_b = enabled_b & WEB & (DATA_WIDTH_B != 36);

  // The word at an address; bits of bytes that the other side writes are wrong.
  function [35:0] word(input [13:0] at, input integer width, input written, input [13:0] there, input integer other);
    integer k, m;
    reg [10:0] byte_at;
    reg [8:0] found;
    reg hit;
    begin
      word = 0;
      for (k = 0; k < bytes(width); k = k + 1) begin
        byte_at = first(at, width) + k;
        hit = 0;
        for (m = 0; m < bytes(other); m = m + 1) hit = hit | (written && marked(there, other)[m] && first(there, other) + m == byte_at);
        found = hit ? ~memory[byte_at] : memory[byte_at];
        word[9 * k +: 9] = (found >> begins(at, width)) & mask(width);
      end
    end
  endfunction

  reg [35:0] read_a, read_b, held_a, held_b;
  always @(posedge CLKA) begin
    if (enabled_a && !(WEA && WRITEMODE_A == "NORMAL")) read_a <= word(at_a, DATA_WIDTH_A, writes_b, at_b, DATA_WIDTH_B);
    if (OCEA) held_a <= read_a;
    if (writes_a)
      for (i = 0; i < bytes(DATA_WIDTH_A); i = i + 1)
        if (marked(at_a, DATA_WIDTH_A)[i])
          memory[first(at_a, DATA_WIDTH_A) + i] <= (memory[first(at_a, DATA_WIDTH_A) + i] & ~(mask(DATA_WIDTH_A) << begins(at_a, DATA_WIDTH_A)))
            | ((in_a[9 * i +: 9] & mask(DATA_WIDTH_A)) << begins(at_a, DATA_WIDTH_A));
  end
  always @(posedge CLKB) begin
    if (enabled_b && !(WEB && WRITEMODE_B == "NORMAL")) read_b <= word(at_b, DATA_WIDTH_B, writes_a, at_a, DATA_WIDTH_A);
    if (OCEB) held_b <= read_b;
    if (writes_b)
      for (j = 0; j < bytes(DATA_WIDTH_B); j = j + 1)
        if (marked(at_b, DATA_WIDTH_B)[j])
          memory[first(at_b, DATA_WIDTH_B) + j] <= (memory[first(at_b, DATA_WIDTH_B) + j] & ~(mask(DATA_WIDTH_B) << begins(at_b, DATA_WIDTH_B)))
            | ((in_b[9 * j +: 9] & mask(DATA_WIDTH_B)) << begins(at_b, DATA_WIDTH_B));
  end

  // A word of 36 bits leaves through both sides.
  wire [17:0] out_a, out_b;
  wire [35:0] wide;
  assign wide = REGMODE_B == "OUTREG" ? held_b : read_b;
  assign out_a = DATA_WIDTH_B == 36 ? wide[17:0] : REGMODE_A == "OUTREG" ? held_a[17:0] : read_a[17:0];
  assign out_b = DATA_WIDTH_B == 36 ? wide[35:18] : wide[17:0];
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = out_a;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = out_b;
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
