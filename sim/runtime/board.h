// Runs a device with a UART at its pins, thousands of clocks a call. The fields are described in sim/twin/board.py;
// both must agree.

#pragma once

#include "value.h"

namespace twin {

struct line_job {
	// Bytes to send to the device, and the buffer for its bytes.
	const std::uint8_t *sent;
	i64 sent_count;
	std::uint8_t *received;
	i64 capacity;

	// Limits: most clocks, and the quiet time of both lines after which the run ends.
	i64 clocks;
	i64 patience;

	// Results.
	i64 taken;
	i64 given;
	i64 ran;
	i64 quiet;
	i64 broken;
};

// The far ends of a UART's two lines: 8 data bits, no parity, one stop bit.
template<class Board> struct uart_lines {
	typename Board::top top;

	// Bits still to be sent, lowest first, and the remaining time of the bit on the line. Time is counted in parts: a bit
	// lasts `clocks` parts, a clock `bits` parts. The remainder of a bit is carried over to the next one.
	unsigned sending = 0;
	i64 send_time = 0;

	// Bits received, the time to the middle of the next one, and the number of missing bits.
	unsigned receiving = 0;
	i64 receive_time = 0;
	unsigned missing = 0;

	void run(line_job &j) {
		for (j.ran = 0; j.ran < j.clocks && j.quiet < j.patience && j.given < j.capacity; j.ran++) {
			j.quiet++;
			Board::set_rx(top, send(j));
			top.clock();
			receive(j, Board::tx(top));
		}
	}

private:
	TWIN_INLINE bool send(line_job &j) {
		if (send_time < Board::bits) {
			// After the stop bit of a byte follows a marker bit.
			if (sending > 1)
				sending >>= 1;
			if (sending <= 1 && j.taken < j.sent_count)
				sending = unsigned(j.sent[j.taken++]) << 1 | 0x600;
			send_time = sending > 1 ? send_time + Board::clocks : 0;
		}
		if (sending <= 1)
			return true;
		j.quiet = 0;
		send_time -= Board::bits;
		return sending & 1;
	}

	TWIN_INLINE void receive(line_job &j, bool level) {
		if (missing == 0) {
			if (level)
				return;
			missing = 10;
			receive_time = Board::clocks / 2;
		}
		j.quiet = 0;
		if (receive_time >= Board::bits) {
			receive_time -= Board::bits;
			return;
		}
		receive_time += Board::clocks - Board::bits;
		receiving = receiving >> 1 | unsigned(level) << 9;
		if (--missing == 0) {
			if ((receiving & 0x201) == 0x200)
				j.received[j.given++] = std::uint8_t(receiving >> 1);
			else
				j.broken++;
		}
	}
};

} // namespace twin
