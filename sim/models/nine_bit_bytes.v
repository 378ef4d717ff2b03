// A block RAM's memory as two families have it, for simulation: 2048 bytes of 9 bits, and two sides with one clock.
//
// A side's words are 1, 2, 4, 9, 18 or 36 bits wide. Of those of several bytes, the lowest bits of an address say which are written. What is read
// where the other side writes in the same cycle is not defined: here it is the wrong one, bit by bit.
module NINE_BIT_BYTES (clk, enable_a, write_a, next_a, at_a, in_a, out_a, enable_b, write_b, next_b, at_b, in_b, out_b);
  parameter WIDTH_A = 9, WIDTH_B = 9, REGISTER_A = 0, REGISTER_B = 0;
  parameter WRITE_A = "NORMAL", WRITE_B = "NORMAL";  // what a side gives that writes: NORMAL nothing new, WRITETHROUGH that, READBEFOREWRITE what was there
  parameter [18431:0] INIT = 0;
  input clk, enable_a, write_a, next_a, enable_b, write_b, next_b;
  input [13:0] at_a, at_b;
  input [35:0] in_a, in_b;
  output [35:0] out_a, out_b;

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
  initial for (i = 0; i < 2048; i = i + 1) memory[i] = INIT[9 * i +: 9];

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
  // Words with the bytes in them that are written.
  function [35:0] mixed(input [35:0] old, input [35:0] new_word, input [13:0] at, input integer width);
    integer k;
    begin
      mixed = old;
      for (k = 0; k < bytes(width); k = k + 1) if (marked(at, width)[k]) mixed[9 * k +: 9] = new_word[9 * k +: 9] & mask(width);
    end
  endfunction

  wire writes_a, writes_b;
  assign writes_a = enable_a & write_a;
  assign writes_b = enable_b & write_b;
  reg [35:0] read_a, read_b, held_a, held_b, found_a, found_b;

  always @(posedge clk) begin
    if (enable_a && (!write_a || WRITE_A != "NORMAL")) found_a = word(at_a, WIDTH_A, writes_b, at_b, WIDTH_B);
    if (enable_a && !write_a) read_a <= found_a;
    if (writes_a && WRITE_A == "READBEFOREWRITE") read_a <= found_a;
    if (writes_a && WRITE_A == "WRITETHROUGH") read_a <= mixed(found_a, in_a, at_a, WIDTH_A);
    if (next_a) held_a <= read_a;
    for (i = 0; i < bytes(WIDTH_A); i = i + 1)
      if (writes_a && marked(at_a, WIDTH_A)[i])
        memory[first(at_a, WIDTH_A) + i] <= (memory[first(at_a, WIDTH_A) + i] & ~(mask(WIDTH_A) << begins(at_a, WIDTH_A)))
          | ((in_a[9 * i +: 9] & mask(WIDTH_A)) << begins(at_a, WIDTH_A));
  end
  assign out_a = REGISTER_A ? held_a : read_a;

  always @(posedge clk) begin
    if (enable_b && (!write_b || WRITE_B != "NORMAL")) found_b = word(at_b, WIDTH_B, writes_a, at_a, WIDTH_A);
    if (enable_b && !write_b) read_b <= found_b;
    if (writes_b && WRITE_B == "READBEFOREWRITE") read_b <= found_b;
    if (writes_b && WRITE_B == "WRITETHROUGH") read_b <= mixed(found_b, in_b, at_b, WIDTH_B);
    if (next_b) held_b <= read_b;
    for (j = 0; j < bytes(WIDTH_B); j = j + 1)
      if (writes_b && marked(at_b, WIDTH_B)[j])
        memory[first(at_b, WIDTH_B) + j] <= (memory[first(at_b, WIDTH_B) + j] & ~(mask(WIDTH_B) << begins(at_b, WIDTH_B)))
          | ((in_b[9 * j +: 9] & mask(WIDTH_B)) << begins(at_b, WIDTH_B));
  end
  assign out_b = REGISTER_B ? held_b : read_b;
endmodule
