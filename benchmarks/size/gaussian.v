// By hand: a Gaussian of 3x3, ((1 2 1)' (1 2 1) + 8) >> 4, u8, border of the nearest pixel, with back-pressure.
// Frames of ROWS lines of COLUMNS pixels; one pixel a clock. It trusts its input: nothing is checked.
module gaussian #(parameter ROWS = 480, COLUMNS = 640) (
    input             aclk, aresetn,
    input       [7:0] s_axis_tdata,
    input             s_axis_tvalid, s_axis_tlast, s_axis_tuser,
    output            s_axis_tready,
    output reg  [7:0] m_axis_tdata,
    output reg        m_axis_tvalid, m_axis_tlast, m_axis_tuser,
    input             m_axis_tready,
    output            error_first_stb, error_orphan_stb, error_eol_stb
);
    localparam C = $clog2(COLUMNS), R = $clog2(ROWS + 2);

    assign {error_first_stb, error_orphan_stb, error_eol_stb} = 3'b000;

    // All stages move at once, or none does. Behind a frame's last pixel come a line and a pixel more, which push it out.
    reg  [C-1:0] column = 0;
    reg  [R-1:0] row = 0;
    wire         flushing = row[R-1:0] >= ROWS;
    wire         moves = m_axis_tready | ~m_axis_tvalid;
    wire         step = (s_axis_tvalid | flushing) & moves;
    wire         line_ends = column == COLUMNS - 1;
    assign       s_axis_tready = moves & ~flushing;

    always @(posedge aclk)
        if (~aresetn) {row, column} <= 0;
        else if (step) begin
            column <= line_ends ? 0 : column + 1;
            if (line_ends) row <= row + 1;
            if (row == ROWS + 1) {row, column} <= 0;
        end

    // 1: the pixel, and the two above it.
    reg  [15:0]  lines [0:COLUMNS-1];
    reg  [15:0]  above;
    reg  [7:0]   pixel;
    reg  [C-1:0] column_1;
    reg          valid_1 = 0, top_1, bottom_1, left_1, kept_1;
    always @(posedge aclk) begin
        if (step) above <= lines[column];
        if (moves) begin
            pixel    <= s_axis_tdata;
            column_1 <= column;
            top_1    <= row == 1;
            bottom_1 <= flushing;
            left_1   <= column == 0;
            kept_1   <= ~(row == 0 | (row == 1 & column == 0));
        end
    end
    wire [7:0] newest = bottom_1 ? above[7:0] : pixel;
    always @(posedge aclk) if (moves & valid_1) lines[column_1] <= {above[7:0], newest};

    // 2: the column's sum.
    wire [7:0] oldest = top_1 ? above[7:0] : above[15:8];
    reg  [9:0] sum;
    reg        valid_2 = 0, left_2, kept_2;
    always @(posedge aclk)
        if (moves) begin
            sum <= oldest + {above[7:0], 1'b0} + newest;
            {left_2, kept_2} <= {left_1, kept_1};
        end

    // 3: three of them; the place in the middle is the one whose result it is.
    reg  [9:0] near, far;
    reg        first = 1, left_3;
    wire [9:0] right = left_2 ? near : sum, left = left_3 ? near : far;
    wire [11:0] total = left + {near, 1'b0} + right + 12'd8;
    always @(posedge aclk)
        if (~aresetn) begin
            {valid_1, valid_2, m_axis_tvalid} <= 0;
            first <= 1;
        end else if (moves) begin
            {valid_1, valid_2} <= {step, valid_1};
            m_axis_tvalid <= valid_2 & kept_2;
            if (valid_2) begin
                {far, near, left_3} <= {near, sum, left_2};
                m_axis_tdata <= total[11:4];
                m_axis_tlast <= left_2;
                m_axis_tuser <= first;
                if (kept_2) first <= 0;
                else first <= 1;
            end
        end
endmodule
