// A block RAM's memory as two families have it, for simulation: 2048 bytes of 9 bits, and two sides, A and B, with one clock.

// What it holds at first, as netlists have it: in 64 parameters of one name and a number; the highest first, behind each other.
`define FIRST_CONTENT(NAME) \
  NAME``_00 = 0, NAME``_01 = 0, NAME``_02 = 0, NAME``_03 = 0, NAME``_04 = 0, NAME``_05 = 0, NAME``_06 = 0, NAME``_07 = 0, \
  NAME``_08 = 0, NAME``_09 = 0, NAME``_0A = 0, NAME``_0B = 0, NAME``_0C = 0, NAME``_0D = 0, NAME``_0E = 0, NAME``_0F = 0, \
  NAME``_10 = 0, NAME``_11 = 0, NAME``_12 = 0, NAME``_13 = 0, NAME``_14 = 0, NAME``_15 = 0, NAME``_16 = 0, NAME``_17 = 0, \
  NAME``_18 = 0, NAME``_19 = 0, NAME``_1A = 0, NAME``_1B = 0, NAME``_1C = 0, NAME``_1D = 0, NAME``_1E = 0, NAME``_1F = 0, \
  NAME``_20 = 0, NAME``_21 = 0, NAME``_22 = 0, NAME``_23 = 0, NAME``_24 = 0, NAME``_25 = 0, NAME``_26 = 0, NAME``_27 = 0, \
  NAME``_28 = 0, NAME``_29 = 0, NAME``_2A = 0, NAME``_2B = 0, NAME``_2C = 0, NAME``_2D = 0, NAME``_2E = 0, NAME``_2F = 0, \
  NAME``_30 = 0, NAME``_31 = 0, NAME``_32 = 0, NAME``_33 = 0, NAME``_34 = 0, NAME``_35 = 0, NAME``_36 = 0, NAME``_37 = 0, \
  NAME``_38 = 0, NAME``_39 = 0, NAME``_3A = 0, NAME``_3B = 0, NAME``_3C = 0, NAME``_3D = 0, NAME``_3E = 0, NAME``_3F = 0
`define FROM_THE_HIGHEST(NAME) \
  NAME``_3F, NAME``_3E, NAME``_3D, NAME``_3C, NAME``_3B, NAME``_3A, NAME``_39, NAME``_38, \
  NAME``_37, NAME``_36, NAME``_35, NAME``_34, NAME``_33, NAME``_32, NAME``_31, NAME``_30, \
  NAME``_2F, NAME``_2E, NAME``_2D, NAME``_2C, NAME``_2B, NAME``_2A, NAME``_29, NAME``_28, \
  NAME``_27, NAME``_26, NAME``_25, NAME``_24, NAME``_23, NAME``_22, NAME``_21, NAME``_20, \
  NAME``_1F, NAME``_1E, NAME``_1D, NAME``_1C, NAME``_1B, NAME``_1A, NAME``_19, NAME``_18, \
  NAME``_17, NAME``_16, NAME``_15, NAME``_14, NAME``_13, NAME``_12, NAME``_11, NAME``_10, \
  NAME``_0F, NAME``_0E, NAME``_0D, NAME``_0C, NAME``_0B, NAME``_0A, NAME``_09, NAME``_08, \
  NAME``_07, NAME``_06, NAME``_05, NAME``_04, NAME``_03, NAME``_02, NAME``_01, NAME``_00

// A side's words are 1, 2, 4, 9, 18 or 36 bits wide. Of those of several bytes, the lowest bits of an address say which are written. What is
// read where the other side writes in the same cycle is not defined: here it is the wrong one, bit by bit.
// GIVES is what a side gives that writes: 0 what it gave before, 1 what it writes, 2 what was there. Ports have side A in their lower half.
module NINE_BIT_BYTES (clk, enable, write, next, at, in, out);
  parameter WIDTH_A = 9, WIDTH_B = 9, REGISTER_A = 0, REGISTER_B = 0, GIVES_A = 0, GIVES_B = 0;
  parameter [18431:0] CONTENT = 0;
  input clk;
  input [1:0] enable, write, next;
  input [27:0] at;
  input [71:0] in;
  output [71:0] out;

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
  integer k;
  initial for (k = 0; k < 2048; k = k + 1) memory[k] = CONTENT[9 * k +: 9];

  genvar s;
  generate
    for (s = 0; s < 2; s = s + 1) begin : side
      localparam WIDTH = s ? WIDTH_B : WIDTH_A, OTHER = s ? WIDTH_A : WIDTH_B, GIVES = s ? GIVES_B : GIVES_A;
      wire [13:0] here, there;
      wire writes, other_writes;
      assign here = at[14 * s +: 14];
      assign there = at[14 * (1 - s) +: 14];
      assign writes = enable[s] & write[s];
      assign other_writes = enable[1 - s] & write[1 - s];

      reg [35:0] read, held, word;
      reg [10:0] place;
      reg hit;
      integer i, j;
      always @(posedge clk) begin
        if (next[s]) held <= read;
        if (enable[s] && (!write[s] || GIVES != 0)) begin
          word = 0;
          for (i = 0; i < bytes(WIDTH); i = i + 1) begin
            place = first(here, WIDTH) + i;
            hit = 0;
            for (j = 0; j < bytes(OTHER); j = j + 1)
              hit = hit | (other_writes && marked(there, OTHER)[j] && first(there, OTHER) + j == place);
            word[9 * i +: 9] = ((hit ? ~memory[place] : memory[place]) >> begins(here, WIDTH)) & mask(WIDTH);
            if (writes && GIVES == 1 && marked(here, WIDTH)[i]) word[9 * i +: 9] = in[36 * s + 9 * i +: 9] & mask(WIDTH);
          end
          read <= word;
        end
        for (i = 0; i < bytes(WIDTH); i = i + 1)
          if (writes && marked(here, WIDTH)[i])
            memory[first(here, WIDTH) + i] <= (memory[first(here, WIDTH) + i] & ~(mask(WIDTH) << begins(here, WIDTH)))
              | ((in[36 * s + 9 * i +: 9] & mask(WIDTH)) << begins(here, WIDTH));
      end
      assign out[36 * s +: 36] = (s ? REGISTER_B : REGISTER_A) ? held : read;
    end
  endgenerate
endmodule
