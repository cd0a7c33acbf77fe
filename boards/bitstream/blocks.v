
// A block RAM of an iCE40: 256 words of 16 bits, or 2, 4 or 8 narrow ones in each (Lattice TN1250).
module block_ram #(parameter READ = 0, WRITE = 0, parameter [4095:0] INIT = 0) (
  input clk, read_rise, write_rise, output [15:0] RDATA, input [10:0] RADDR, WADDR, input [1:0] RE, WE, input [15:0] WDATA, MASK
);
  localparam GROUP = 1 << READ, ACROSS = 1 << WRITE;
  reg [15:0] words [0:255];
  reg [15:0] found = 0;
  integer i;
  initial for (i = 0; i < 256; i = i + 1) words[i] = INIT[16 * i +: 16];

  // Narrow words stand on these pins: the last bit of each group's lower half.
  wire [15:0] spread, wanted;
  genvar g;
  generate
    for (g = 0; g < 16; g = g + 1) begin : bits
      assign spread[g] = WRITE == 0 ? WDATA[g] : WDATA[g / ACROSS * ACROSS + ACROSS / 2 - 1];
      assign wanted[g] = WRITE == 0 ? !MASK[g] : g % ACROSS == WADDR[10:8] % ACROSS;
      assign RDATA[g] = READ == 0 || g % GROUP == GROUP / 2 - 1 ? found[g] : 1'b0;
    end
  endgenerate

  always @(posedge clk) begin
    if (write_rise && WE == 3) words[WADDR[7:0]] <= (words[WADDR[7:0]] & ~wanted) | (spread & wanted);
    if (read_rise && RE == 3)
      for (i = 0; i < 16; i = i + 1)
        found[i] <= READ == 0 ? words[RADDR[7:0]][i] : words[RADDR[7:0]][i / GROUP * GROUP + RADDR[10:8] % GROUP];
  end
endmodule

// SB_SPRAM256KA (Lattice TN1314). What it holds at power-up isn't defined: here it follows from SEED. Nor is what is read
// behind a write: here it stays.
module single_port_ram #(parameter [31:0] SEED = 0) (
  input clk, rise, input [13:0] ADDRESS, input [15:0] DATAIN, output reg [15:0] DATAOUT, input [3:0] MASKWREN,
  input CHIPSELECT, WREN, STANDBY, SLEEP, POWEROFF
);
  reg [15:0] words [0:16383];
  reg [31:0] random = SEED;
  integer i;
  initial for (i = 0; i < 16384; i = i + 1) begin
    random = random * 1664525 + 1013904223;
    words[i] = random[31:16];
  end
  initial DATAOUT = 0;
  wire [15:0] wanted = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
  always @(posedge clk) if (rise) begin
    if (SLEEP || !POWEROFF) DATAOUT <= 0;
    else if (!STANDBY && CHIPSELECT) begin
      if (WREN) words[ADDRESS] <= (words[ADDRESS] & ~wanted) | (DATAIN & wanted);
      else DATAOUT <= words[ADDRESS];
    end
  end
endmodule

// SB_MAC16 (Lattice TN1295): a product of 16 bits, or two of 8, then an adder for each half.
module mac_block #(parameter
  A_REG = 0, B_REG = 0, C_REG = 0, D_REG = 0, TOP_8x8_MULT_REG = 0, BOT_8x8_MULT_REG = 0, PIPELINE_16x16_MULT_REG1 = 0,
  PIPELINE_16x16_MULT_REG2 = 0, MODE_8x8 = 0, A_SIGNED = 0, B_SIGNED = 0, TOPOUTPUT_SELECT = 0, TOPADDSUB_LOWERINPUT = 0,
  TOPADDSUB_UPPERINPUT = 0, TOPADDSUB_CARRYSELECT = 0, BOTOUTPUT_SELECT = 0, BOTADDSUB_LOWERINPUT = 0,
  BOTADDSUB_UPPERINPUT = 0, BOTADDSUB_CARRYSELECT = 0
) (
  input clk, rise, input [15:0] A, B, C, D, output [31:0] O, input CE, AHOLD, BHOLD, CHOLD, DHOLD,
  IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT, ADDSUBTOP, ADDSUBBOT, OHOLDTOP, OHOLDBOT, CI
);
  reg [15:0] a_held = 0, b_held = 0, c_held = 0, d_held = 0, high_held = 0, low_held = 0, mid_held = 0, mid2_held = 0;
  reg [15:0] top_held = 0, bottom_held = 0;
  reg [31:0] product_held = 0;
  wire [15:0] a = A_REG ? a_held : A, b = B_REG ? b_held : B, c = C_REG ? c_held : C, d = D_REG ? d_held : D;

  // Factors of 9 bits with a sign: a low byte has one only if it's a factor of its own.
  wire signed [8:0] a_high = {A_SIGNED != 0 & a[15], a[15:8]}, a_low = {A_SIGNED != 0 & MODE_8x8 != 0 & a[7], a[7:0]};
  wire signed [8:0] b_high = {B_SIGNED != 0 & b[15], b[15:8]}, b_low = {B_SIGNED != 0 & MODE_8x8 != 0 & b[7], b[7:0]};
  wire signed [8:0] a_plain = {1'b0, a[7:0]}, b_plain = {1'b0, b[7:0]};
  wire signed [17:0] high_now = a_high * b_high, low_now = a_low * b_low, mid_now = a_plain * b_high, mid2_now = a_high * b_plain;
  wire [15:0] high = TOP_8x8_MULT_REG ? high_held : high_now[15:0], low = BOT_8x8_MULT_REG ? low_held : low_now[15:0];
  wire [15:0] mid = PIPELINE_16x16_MULT_REG1 ? mid_held : mid_now[15:0];
  wire [15:0] mid2 = PIPELINE_16x16_MULT_REG1 ? mid2_held : mid2_now[15:0];
  wire [31:0] mid_wide = {{16{B_SIGNED != 0 & mid[15]}}, mid}, mid2_wide = {{16{A_SIGNED != 0 & mid2[15]}}, mid2};
  wire [31:0] product_now = {high, 16'b0} + (mid_wide << 8) + (mid2_wide << 8) + {16'b0, low};
  wire [31:0] product = PIPELINE_16x16_MULT_REG2 ? product_held : product_now;

  wire [15:0] bottom_term = BOTADDSUB_LOWERINPUT == 0 ? b : BOTADDSUB_LOWERINPUT == 1 ? low :
    BOTADDSUB_LOWERINPUT == 2 ? product[15:0] : 16'b0;
  wire [15:0] top_term = TOPADDSUB_LOWERINPUT == 0 ? a : TOPADDSUB_LOWERINPUT == 1 ? high :
    TOPADDSUB_LOWERINPUT == 2 ? product[31:16] : {16{bottom_term[15]}};
  wire carry_in = BOTADDSUB_CARRYSELECT == 1 ? 1'b1 : BOTADDSUB_CARRYSELECT == 3 ? CI : 1'b0;
  wire [16:0] bottom_sum = bottom_term + ((BOTADDSUB_UPPERINPUT ? d : bottom_held) ^ {16{ADDSUBBOT}}) + carry_in;
  wire carry = TOPADDSUB_CARRYSELECT == 0 ? 1'b0 : TOPADDSUB_CARRYSELECT == 1 ? 1'b1 :
    TOPADDSUB_CARRYSELECT == 2 ? bottom_sum[16] : bottom_sum[16] ^ ADDSUBBOT;
  wire [15:0] top_sum = top_term + ((TOPADDSUB_UPPERINPUT ? c : top_held) ^ {16{ADDSUBTOP}}) + carry;
  wire [15:0] bottom = OLOADBOT ? d : bottom_sum[15:0] ^ {16{ADDSUBBOT}}, top = OLOADTOP ? c : top_sum ^ {16{ADDSUBTOP}};
  assign O[15:0] = BOTOUTPUT_SELECT == 0 ? bottom : BOTOUTPUT_SELECT == 1 ? bottom_held :
    BOTOUTPUT_SELECT == 2 ? low : product[15:0];
  assign O[31:16] = TOPOUTPUT_SELECT == 0 ? top : TOPOUTPUT_SELECT == 1 ? top_held :
    TOPOUTPUT_SELECT == 2 ? high : product[31:16];

  always @(posedge clk) if (rise) begin
    if (CE) begin
      if (!AHOLD) a_held <= A;
      if (!BHOLD) b_held <= B;
      if (!CHOLD) c_held <= C;
      if (!DHOLD) d_held <= D;
      high_held <= high_now[15:0];
      low_held <= low_now[15:0];
      if (MODE_8x8 == 0) begin
        mid_held <= mid_now[15:0];
        mid2_held <= mid2_now[15:0];
        product_held <= product_now;
      end
      if (!OHOLDTOP) top_held <= top;
      if (!OHOLDBOT) bottom_held <= bottom;
    end
    if (IRSTTOP) {a_held, c_held, high_held, mid_held} <= 0;
    if (IRSTBOT) {b_held, d_held, low_held, mid2_held, product_held} <= 0;
    if (ORSTTOP) top_held <= 0;
    if (ORSTBOT) bottom_held <= 0;
  end
endmodule
