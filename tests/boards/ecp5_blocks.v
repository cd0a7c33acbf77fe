// ECP5's blocks for Icarus: what Yosys has ports of, but no model.

module DP16KD_BLOCK #(parameter WIDTH_A = 18, WIDTH_B = 18, REGISTER_A = 0, REGISTER_B = 0, RULE_A = 0, RULE_B = 0,
  parameter [18431:0] INIT = 0) (
  input CLKA, CLKB, CEA, CEB, OCEA, OCEB, WEA, WEB, RSTA, RSTB, input [13:0] ADA, ADB, input [17:0] DIA, DIB,
  output [17:0] DOA, DOB
);
  reg memory [0:18431];
  reg [17:0] found_a = 0, found_b = 0, held_a = 0, held_b = 0, word;
  integer i;
  initial for (i = 0; i < 18432; i = i + 1) memory[i] = INIT[i];

  // Where a bit of a word lies: words of less than 9 bits leave out every ninth.
  function integer place(input integer width, input [13:0] address, input integer bit_number);
    integer shift, bits;
    begin
      shift = width == 18 ? 4 : width == 9 ? 3 : width == 4 ? 2 : width == 2 ? 1 : 0;
      bits = (address >> shift) * width + bit_number;
      place = width >= 9 ? bits : bits / 8 * 9 + bits % 8;
    end
  endfunction

  always @(posedge CLKA) begin
    held_a <= RSTA ? 0 : OCEA ? found_a : held_a;
    word = 0;
    for (i = 0; i < WIDTH_A; i = i + 1) word[i] = memory[place(WIDTH_A, ADA, i)];
    if (RSTA) found_a <= 0;
    else if (CEA && !(WEA && RULE_A == 0)) found_a <= WEA && RULE_A == 1 ? DIA : word;
    if (CEA && WEA)
      for (i = 0; i < WIDTH_A; i = i + 1)
        if (WIDTH_A < 18 || ADA[i / 9]) memory[place(WIDTH_A, ADA, i)] <= DIA[i];
  end
  reg [17:0] word_b;
  integer j;
  always @(posedge CLKB) begin
    held_b <= RSTB ? 0 : OCEB ? found_b : held_b;
    word_b = 0;
    for (j = 0; j < WIDTH_B; j = j + 1) word_b[j] = memory[place(WIDTH_B, ADB, j)];
    if (RSTB) found_b <= 0;
    else if (CEB && !(WEB && RULE_B == 0)) found_b <= WEB && RULE_B == 1 ? DIB : word_b;
    if (CEB && WEB)
      for (j = 0; j < WIDTH_B; j = j + 1)
        if (WIDTH_B < 18 || ADB[j / 9]) memory[place(WIDTH_B, ADB, j)] <= DIB[j];
  end
  assign DOA = REGISTER_A ? held_a : found_a, DOB = REGISTER_B ? held_b : found_b;
endmodule

module MULT18X18D_BLOCK #(parameter SIGNED_A = 0, SIGNED_B = 0) (
  input CLK, input [3:0] ENABLE, input [17:0] A, B, output [35:0] P
);
  reg [17:0] a = 0, b = 0;
  reg [35:0] product = 0, held = 0;
  wire signed [18:0] left = {SIGNED_A != 0 & a[17], a}, right = {SIGNED_B != 0 & b[17], b};
  wire signed [37:0] now = left * right;
  always @(posedge CLK) begin
    if (ENABLE[0]) a <= A;
    if (ENABLE[1]) b <= B;
    if (ENABLE[2]) product <= now[35:0];
    if (ENABLE[3]) held <= product;
  end
  assign P = held;
endmodule
