// By hand: eight taps, u8, with back-pressure: delay line, products, and a tree of adders. A frame starts from silence.
module taps_8 (
    input                    aclk, aresetn,
    input              [7:0] s_axis_tdata,
    input                    s_axis_tvalid, s_axis_tlast,
    output                   s_axis_tready,
    output reg signed [23:0] m_axis_tdata,
    output reg               m_axis_tvalid, m_axis_tlast,
    input                    m_axis_tready
);
    wire moves = m_axis_tready | ~m_axis_tvalid;
    assign s_axis_tready = moves;

    reg signed [8:0]  x [0:7];
    reg signed [16:0] p [0:7];
    reg signed [16:0] q [0:7];
    reg signed [17:0] s0, s1, s2, s3;
    reg signed [17:0] t0, t1;
    reg        [4:0]  valid = 0, last;
    reg               fresh = 1;
    integer k;
    always @(posedge aclk)
        if (~aresetn) begin
            {valid, m_axis_tvalid} <= 0;
            fresh <= 1;
        end else if (moves) begin
            {m_axis_tvalid, valid} <= {valid, s_axis_tvalid};
            {m_axis_tlast, last} <= {last, s_axis_tlast};
            if (s_axis_tvalid) begin
                fresh <= s_axis_tlast;
                x[0] <= {1'b0, s_axis_tdata};
                for (k = 1; k < 8; k = k + 1) x[k] <= fresh ? 9'sd0 : x[k-1];
            end
            p[0] <= x[0] *  9'sd127; p[1] <= x[1] * -9'sd113; p[2] <= x[2] * 9'sd101; p[3] <= x[3] * -9'sd89;
            p[4] <= x[4] *  9'sd83;  p[5] <= x[5] * -9'sd71;  p[6] <= x[6] * 9'sd67;  p[7] <= x[7] * -9'sd53;
            for (k = 0; k < 8; k = k + 1) q[k] <= p[k];
            s0 <= q[0] + q[1]; s1 <= q[2] + q[3]; s2 <= q[4] + q[5]; s3 <= q[6] + q[7];
            t0 <= s0 + s1; t1 <= s2 + s3;
            m_axis_tdata <= t0 + t1;
        end
endmodule
