// By hand: a Gaussian of 3x3, ((1 2 1)' (1 2 1) + 8) >> 4, u8, where the kernel lies inside the image, without back-pressure.
// Frames of ROWS lines of COLUMNS pixels; one pixel a clock; each starts anew at its first. It trusts its input.
module gaussian_valid #(parameter ROWS = 480, COLUMNS = 640) (
    input             aclk, aresetn,
    input       [7:0] s_axis_tdata,
    input             s_axis_tvalid, s_axis_tlast, s_axis_tuser,
    output reg  [7:0] m_axis_tdata,
    output reg        m_axis_tvalid, m_axis_tlast, m_axis_tuser,
    output            error_first_stb, error_orphan_stb, error_eol_stb
);
    localparam C = $clog2(COLUMNS);

    assign {error_first_stb, error_orphan_stb, error_eol_stb} = 3'b000;

    reg  [C-1:0] next = 0;
    wire [C-1:0] column = s_axis_tuser ? 0 : next;
    reg  [1:0]   lines_before = 0;  // two, or more
    wire [1:0]   above_it = s_axis_tuser ? 0 : lines_before;

    // 1: the pixel, and the two above it.
    reg  [15:0]  lines [0:COLUMNS-1];
    reg  [15:0]  above;
    reg  [7:0]   pixel;
    reg  [C-1:0] column_1;
    reg          valid_1 = 0, full_1, left_1, begins_1, last_1, top_1;
    always @(posedge aclk) begin
        above    <= lines[column];
        pixel    <= s_axis_tdata;
        column_1 <= column;
        full_1   <= above_it[1];
        begins_1 <= s_axis_tuser;
        left_1   <= column == 0;
        last_1   <= s_axis_tlast;
        valid_1  <= s_axis_tvalid & aresetn;
        if (s_axis_tvalid) begin
            next <= s_axis_tlast ? 0 : column + 1;
            lines_before <= above_it + (s_axis_tlast & ~above_it[1]);
        end
    end
    always @(posedge aclk) if (valid_1) lines[column_1] <= {above[7:0], pixel};

    // 2: the column's sum.
    reg  [9:0] sum;
    reg        valid_2 = 0, full_2, left_2, last_2, begins_2;
    always @(posedge aclk) begin
        sum <= above[15:8] + {above[7:0], 1'b0} + pixel;
        {full_2, left_2, last_2, begins_2} <= {full_1, left_1, last_1, begins_1};
        valid_2 <= valid_1 & aresetn;
    end

    // 3: three of them.
    reg  [9:0] near, far;
    reg        second = 0, third = 0, first = 1;
    wire [11:0] total = far + {near, 1'b0} + sum + 12'd8;
    wire       kept = full_2 & third & ~left_2;
    always @(posedge aclk) begin
        m_axis_tvalid <= valid_2 & kept & aresetn;
        if (valid_2) begin
            {far, near} <= {near, sum};
            {third, second} <= {second & ~left_2, 1'b1};
            if (left_2) {third, second} <= 2'b01;
            m_axis_tdata <= total[11:4];
            m_axis_tlast <= last_2;
            m_axis_tuser <= first;
            first <= begins_2 | (first & ~kept);
        end
    end
endmodule
