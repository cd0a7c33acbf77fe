// By hand: scipy.signal.firwin(31, 0.25) in Q15, s16, rounded half up and saturated, with back-pressure. Mirrored samples are
// added first; each of the eight constants is a sum of shifts. A frame starts from silence.
module lowpass_31 (
    input                    aclk, aresetn,
    input  signed     [15:0] s_axis_tdata,
    input                    s_axis_tvalid, s_axis_tlast,
    output                   s_axis_tready,
    output reg signed [15:0] m_axis_tdata,
    output reg               m_axis_tvalid, m_axis_tlast,
    input                    m_axis_tready
);
    wire moves = m_axis_tready | ~m_axis_tvalid;
    assign s_axis_tready = moves;

    reg signed [15:0] x [0:30];
    reg signed [16:0] e [0:15];
    reg signed [32:0] a [0:15], b [0:15], q [0:15];  // two parts of each product, and their sum
    reg signed [32:0] s [0:7];
    reg signed [32:0] t [0:3];
    reg signed [32:0] u [0:1];
    reg signed [32:0] y;
    reg        [7:0]  valid = 0, last;
    reg               fresh = 1;
    wire signed [17:0] rounded = (y + 33'sd16384) >>> 15;
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
                x[0] <= s_axis_tdata;
                for (k = 1; k < 31; k = k + 1) x[k] <= fresh ? 16'sd0 : x[k-1];
            end
            for (k = 0; k < 15; k = k + 1) e[k] <= x[k] + x[30-k];
            e[15] <= x[15];
            a[0] <= -(e[0] <<< 5) - (e[0] <<< 3);          b[0] <= e[0];                                              // -39
            a[1] <= -(e[1] <<< 6) - (e[1] <<< 2);          b[1] <= e[1];                                              // -67
            a[2] <= -(e[2] <<< 6) - (e[2] <<< 2);          b[2] <= 0;                                                 // -68
            a[4] <= (e[4] <<< 7) + (e[4] <<< 5);           b[4] <= -(e[4] <<< 2);                                     // 156
            a[5] <= (e[5] <<< 8) + (e[5] <<< 6);           b[5] <= e[5] <<< 2;                                        // 324
            a[6] <= (e[6] <<< 8) + (e[6] <<< 6);           b[6] <= (e[6] <<< 3) - e[6];                               // 327
            a[8] <= -(e[8] <<< 9) - (e[8] <<< 7);          b[8] <= (e[8] <<< 4) + (e[8] <<< 2) - e[8];                // -621
            a[9] <= -(e[9] <<< 10) - (e[9] <<< 7);         b[9] <= -(e[9] <<< 5) - (e[9] <<< 2) - e[9];               // -1189
            a[10] <= -(e[10] <<< 10) - (e[10] <<< 7);      b[10] <= (e[10] <<< 4) - (e[10] <<< 2) + e[10];            // -1139
            a[12] <= (e[12] <<< 11) + (e[12] <<< 8);       b[12] <= -(e[12] <<< 6) + (e[12] <<< 3) + e[12];           // 2249
            a[13] <= (e[13] <<< 12) + (e[13] <<< 10);      b[13] <= -(e[13] <<< 6) - (e[13] <<< 5) - (e[13] <<< 1);   // 5022
            a[14] <= (e[14] <<< 13) - (e[14] <<< 10);      b[14] <= (e[14] <<< 7) + (e[14] <<< 5) - (e[14] <<< 3) + (e[14] <<< 1);  // 7322
            a[15] <= e[15] <<< 13;                         b[15] <= (e[15] <<< 5) - (e[15] <<< 3);                    // 8216
            for (k = 0; k < 16; k = k + 1) q[k] <= a[k] + b[k];
            s[0] <= q[0] + q[1];
            s[1] <= q[2] + q[4];
            s[2] <= q[5] + q[6];
            s[3] <= q[8] + q[9];
            s[4] <= q[10] + q[12];
            s[5] <= q[13] + q[14];
            s[6] <= q[15];
            t[0] <= s[0] + s[1];
            t[1] <= s[2] + s[3];
            t[2] <= s[4] + s[5];
            t[3] <= s[6];
            u[0] <= t[0] + t[1];
            u[1] <= t[2] + t[3];
            y <= u[0] + u[1];
            m_axis_tdata <= rounded > 32767 ? 16'sd32767 : rounded < -32768 ? -16'sd32768 : rounded[15:0];
        end
endmodule
