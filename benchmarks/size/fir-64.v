// By hand: 64 taps, s16 by s16, loaded over AXI-Lite, exact, with back-pressure: delay line, products, and a tree of adders.
// A frame starts from silence. Registers as docs/registers.md has them of a design whose registers are `coefficients`:
//   0x0C STATUS        bit 16 busy, bit 17 pending; this filter has no errors to clear
//   0x1C COEFFICIENTS  64
//   0x20 COEFFICIENT   the next of a set; refused while a set is pending, and if it isn't of 16 bits
//   0x24 RESTART       drops a set that was begun
// A whole set takes effect with the next frame. All else is refused with SLVERR.
module fir_64 (
    input                    aclk, aresetn,
    input  signed     [15:0] s_axis_tdata,
    input                    s_axis_tvalid, s_axis_tlast,
    output                   s_axis_tready,
    output            [39:0] m_axis_tdata,
    output reg               m_axis_tvalid, m_axis_tlast,
    input                    m_axis_tready,
    input             [13:0] s_axi_awaddr, s_axi_araddr,
    input              [2:0] s_axi_awprot, s_axi_arprot,
    input                    s_axi_awvalid, s_axi_wvalid, s_axi_bready, s_axi_arvalid, s_axi_rready,
    input             [31:0] s_axi_wdata,
    input              [3:0] s_axi_wstrb,
    output reg               s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid,
    output reg         [1:0] s_axi_bresp, s_axi_rresp,
    output reg        [31:0] s_axi_rdata
);
    wire moves = m_axis_tready | ~m_axis_tvalid;
    assign s_axis_tready = moves;

    // The filter.
    reg signed [15:0] x [0:63], c [0:63], next [0:63];
    reg signed [31:0] p [0:63];
    reg signed [32:0] s [0:31];
    reg signed [33:0] t [0:15];
    reg signed [34:0] u [0:7];
    reg signed [35:0] v [0:3];
    reg signed [36:0] w [0:1];
    reg signed [37:0] y;
    reg        [6:0]  valid = 0, last;
    reg               fresh = 1, pending = 0;
    integer k;
    assign m_axis_tdata = {{2{y[37]}}, y};
    initial for (k = 0; k < 64; k = k + 1) c[k] = 1;
    always @(posedge aclk)
        if (~aresetn) begin
            {valid, m_axis_tvalid} <= 0;
            fresh <= 1;
            for (k = 0; k < 64; k = k + 1) c[k] <= 1;  // the design's own
        end else if (moves) begin
            {m_axis_tvalid, valid} <= {valid, s_axis_tvalid};
            {m_axis_tlast, last} <= {last, s_axis_tlast};
            if (s_axis_tvalid) begin
                fresh <= s_axis_tlast;
                x[0] <= s_axis_tdata;
                for (k = 1; k < 64; k = k + 1) x[k] <= fresh ? 16'sd0 : x[k-1];
            end
            if (fresh & pending) for (k = 0; k < 64; k = k + 1) c[k] <= next[63-k];
            for (k = 0; k < 64; k = k + 1) p[k] <= x[k] * c[k];
            for (k = 0; k < 32; k = k + 1) s[k] <= p[2*k] + p[2*k+1];
            for (k = 0; k < 16; k = k + 1) t[k] <= s[2*k] + s[2*k+1];
            for (k = 0; k < 8; k = k + 1) u[k] <= t[2*k] + t[2*k+1];
            for (k = 0; k < 4; k = k + 1) v[k] <= u[2*k] + u[2*k+1];
            for (k = 0; k < 2; k = k + 1) w[k] <= v[2*k] + v[2*k+1];
            y <= w[0] + w[1];
        end

    // Writes: address and data are taken together, and answered a clock later.
    reg  [5:0] count = 0;
    wire       write = s_axi_awready & s_axi_awvalid & s_axi_wvalid;
    wire [11:0] place = s_axi_awaddr[13:2];
    wire       whole = &s_axi_wstrb;
    wire       fits = s_axi_wdata[31:15] == 0 | &s_axi_wdata[31:15];
    wire       status = whole & place == 3, load = whole & place == 8 & fits & ~pending, restart = whole & place == 9;
    always @(posedge aclk)
        if (~aresetn) begin
            {s_axi_awready, s_axi_wready, s_axi_bvalid, pending} <= 0;
            count <= 0;
        end else begin
            s_axi_awready <= s_axi_awvalid & s_axi_wvalid & ~s_axi_awready & ~s_axi_bvalid;
            s_axi_wready <= s_axi_awvalid & s_axi_wvalid & ~s_axi_awready & ~s_axi_bvalid;
            s_axi_bvalid <= write | s_axi_bvalid & ~s_axi_bready;
            if (write) s_axi_bresp <= {~(status | load | restart), 1'b0};
            if (write & restart) count <= 0;
            if (write & load) begin
                next[0] <= s_axi_wdata[15:0];
                for (k = 1; k < 64; k = k + 1) next[k] <= next[k-1];
                count <= count + 1;
            end
            pending <= write & load & &count | pending & ~(fresh & moves);
        end

    // Reads.
    wire       read = s_axi_arready & s_axi_arvalid;
    wire       asks_status = s_axi_araddr[13:2] == 3, asks_size = s_axi_araddr[13:2] == 7;
    wire       busy = ~fresh | |valid | m_axis_tvalid;
    always @(posedge aclk)
        if (~aresetn) {s_axi_arready, s_axi_rvalid} <= 0;
        else begin
            s_axi_arready <= s_axi_arvalid & ~s_axi_arready & ~s_axi_rvalid;
            s_axi_rvalid <= read | s_axi_rvalid & ~s_axi_rready;
            if (read) begin
                s_axi_rdata <= asks_status ? {14'b0, pending, busy, 16'b0} : asks_size ? 32'd64 : 32'd0;
                s_axi_rresp <= {~(asks_status | asks_size), 1'b0};
            end
        end
endmodule
