// By hand: scipy.signal.firwin(64, 0.1) in 12 bits, s16, exact, with back-pressure. Mirrored samples are added first; each of
// the 32 constants is a sum of shifts, in two parts. The 16 outer taps are small: their words are narrower. A frame starts from
// silence.
module lowpass_64 (
    input                    aclk, aresetn,
    input  signed     [15:0] s_axis_tdata,
    input                    s_axis_tvalid, s_axis_tlast,
    output                   s_axis_tready,
    output            [31:0] m_axis_tdata,
    output reg               m_axis_tvalid, m_axis_tlast,
    input                    m_axis_tready
);
    wire moves = m_axis_tready | ~m_axis_tvalid;
    assign s_axis_tready = moves;

    reg signed [15:0] x [0:63];
    reg signed [16:0] e [0:31];
    reg signed [24:0] a [0:15], b [0:15], q [0:15];  // of the outer taps: two parts of each product, and their sum
    reg signed [28:0] c [0:15], d [0:15], r [0:15];  // of the inner ones
    reg signed [26:0] s [0:7], t [0:3], u [0:1], v;
    reg signed [30:0] ss [0:7], tt [0:3], uu [0:1], vv, y;
    reg        [7:0]  valid = 0, last;
    reg               fresh = 1;
    integer k;
    assign m_axis_tdata = {y[30], y};
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
                for (k = 1; k < 64; k = k + 1) x[k] <= fresh ? 16'sd0 : x[k-1];
            end
            for (k = 0; k < 32; k = k + 1) e[k] <= x[k] + x[63-k];
            a[0] <= -(e[0] <<< 3);                   b[0] <= 0;                                                       // -8
            a[1] <= -(e[1] <<< 2) + e[1];            b[1] <= 0;                                                       // -3
            a[2] <= (e[2] <<< 2) - e[2];             b[2] <= 0;                                                       // 3
            a[3] <= (e[3] <<< 3) + (e[3] <<< 1);     b[3] <= 0;                                                       // 10
            a[4] <= (e[4] <<< 4) + (e[4] <<< 2);     b[4] <= 0;                                                       // 20
            a[5] <= (e[5] <<< 5) - (e[5] <<< 1);     b[5] <= 0;                                                       // 30
            a[6] <= (e[6] <<< 5) + (e[6] <<< 3);     b[6] <= e[6];                                                    // 41
            a[7] <= (e[7] <<< 6) - (e[7] <<< 4);     b[7] <= (e[7] <<< 1);                                            // 50
            a[8] <= (e[8] <<< 6) - (e[8] <<< 3);     b[8] <= -(e[8] <<< 1);                                           // 54
            a[9] <= (e[9] <<< 6) - (e[9] <<< 4);     b[9] <= (e[9] <<< 2);                                            // 52
            a[10] <= (e[10] <<< 5) + (e[10] <<< 3);  b[10] <= 0;                                                      // 40
            a[11] <= e[11] <<< 4;                    b[11] <= 0;                                                      // 16
            a[12] <= -(e[12] <<< 4) - (e[12] <<< 2); b[12] <= 0;                                                      // -20
            a[13] <= -(e[13] <<< 6) - (e[13] <<< 2); b[13] <= e[13];                                                  // -67
            a[14] <= -(e[14] <<< 7) + (e[14] <<< 3); b[14] <= -(e[14] <<< 1);                                         // -122
            a[15] <= -(e[15] <<< 8) + (e[15] <<< 6); b[15] <= (e[15] <<< 4) - (e[15] <<< 2) + e[15];                  // -179
            c[0] <= -(e[16] <<< 8) + (e[16] <<< 5);  d[0] <= -(e[16] <<< 3) + (e[16] <<< 1);                          // -230
            c[1] <= -(e[17] <<< 8) - (e[17] <<< 3);  d[1] <= -(e[17] <<< 1);                                          // -266
            c[2] <= -(e[18] <<< 8) - (e[18] <<< 5);  d[2] <= (e[18] <<< 3) + (e[18] <<< 1);                           // -278
            c[3] <= -(e[19] <<< 8) + (e[19] <<< 1);  d[3] <= 0;                                                       // -254
            c[4] <= -(e[20] <<< 8) + (e[20] <<< 6);  d[4] <= (e[20] <<< 2);                                           // -188
            c[5] <= -(e[21] <<< 6) - (e[21] <<< 4);  d[5] <= (e[21] <<< 2) + e[21];                                   // -75
            c[6] <= (e[22] <<< 7) - (e[22] <<< 5);   d[6] <= -(e[22] <<< 3) - e[22];                                  // 87
            c[7] <= (e[23] <<< 8) + (e[23] <<< 5);   d[7] <= (e[23] <<< 3) - e[23];                                   // 295
            c[8] <= (e[24] <<< 9) + (e[24] <<< 5);   d[8] <= -(e[24] <<< 2) + e[24];                                  // 541
            c[9] <= (e[25] <<< 10) - (e[25] <<< 8);  d[9] <= (e[25] <<< 6) - (e[25] <<< 4) - (e[25] <<< 1);           // 814
            c[10] <= (e[26] <<< 10) + (e[26] <<< 6); d[10] <= (e[26] <<< 3);                                          // 1096
            c[11] <= (e[27] <<< 11) - (e[27] <<< 9); d[11] <= -(e[27] <<< 7) - (e[27] <<< 5) - (e[27] <<< 2) - e[27]; // 1371
            c[12] <= (e[28] <<< 11) - (e[28] <<< 9); d[12] <= (e[28] <<< 6) + (e[28] <<< 4) + (e[28] <<< 2);          // 1620
            c[13] <= (e[29] <<< 11) - (e[29] <<< 8); d[13] <= (e[29] <<< 5) + e[29];                                  // 1825
            c[14] <= (e[30] <<< 11) - (e[30] <<< 6); d[14] <= -(e[30] <<< 4) + (e[30] <<< 2) - e[30];                 // 1971
            c[15] <= (e[31] <<< 11) - e[31];         d[15] <= 0;                                                      // 2047
            for (k = 0; k < 16; k = k + 1) q[k] <= a[k] + b[k];
            for (k = 0; k < 16; k = k + 1) r[k] <= c[k] + d[k];
            for (k = 0; k < 8; k = k + 1) s[k] <= q[2*k] + q[2*k+1];
            for (k = 0; k < 8; k = k + 1) ss[k] <= r[2*k] + r[2*k+1];
            for (k = 0; k < 4; k = k + 1) t[k] <= s[2*k] + s[2*k+1];
            for (k = 0; k < 4; k = k + 1) tt[k] <= ss[2*k] + ss[2*k+1];
            for (k = 0; k < 2; k = k + 1) u[k] <= t[2*k] + t[2*k+1];
            for (k = 0; k < 2; k = k + 1) uu[k] <= tt[2*k] + tt[2*k+1];
            v <= u[0] + u[1];
            vv <= uu[0] + uu[1];
            y <= v + vv;
        end
endmodule
