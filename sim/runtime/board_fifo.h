// The far end of an FT245 FIFO at a device's pins: an FT2232H in asynchronous mode, with the slowest timing that its
// data sheet allows.

#pragma once

#include "board.h"

#include <algorithm>

namespace twin {

// A byte each way takes at least `clocks` parts of time; a clock has `bytes` parts.
template<class Board> struct fifo_lines {
	typename Board::top top;

	void run(line_job &j) {
		for (j.ran = 0; j.ran < j.clocks && j.quiet < j.patience && j.given < j.capacity; j.ran++) {
			now++;
			j.quiet++;
			if (!offered && j.taken < j.sent_count)
				offer(j.sent[j.taken++]);
			Board::set(top, !has_byte(), !has_room(), bus());
			top.clock();
			look(j);
		}
	}

private:
	static constexpr i64 NEVER = i64(1) << 62;

	// Clocks so far, and the strobes after the last one.
	i64 now = 0;
	bool reading = false, writing = false;

	// The waiting byte; when RXF# shows it; when RD# rose, after which RXF# still shows it for a while; earliest next
	// byte.
	bool offered = false;
	unsigned byte = 0;
	i64 offered_from = 0, read_at = -NEVER, next_byte = 0;

	// The byte of a WR#; when TXE# shows room again; when WR# fell; earliest time of that.
	unsigned latched = 0;
	i64 room_from = 0, written_at = -NEVER, next_room = 0;

	static i64 whole(i64 parts) { return (parts + Board::bytes - 1) / Board::bytes; }

	TWIN_INLINE void offer(unsigned value) {
		byte = value;
		offered = true;
		next_byte = std::max(next_byte, now * Board::bytes);
		offered_from = whole(next_byte);
		next_byte += Board::clocks;
	}

	// RXF# and TXE# follow a strobe late: for a while they show the state before the byte was read or written.
	TWIN_INLINE bool has_byte() const { return (offered && now >= offered_from) || now - read_at < Board::answer; }
	TWIN_INLINE bool has_room() const { return now >= room_from || now - written_at < Board::answer; }

	TWIN_INLINE unsigned bus() const { return reading && now - read_at >= Board::answer ? byte : 0xa5 ^ unsigned(read_at & 0xff); }

	TWIN_INLINE void look(line_job &j) {
		// The outputs are those before the clock's edge: changes happened at the edge before.
		const i64 edge = now - 1;
		const bool rd = !Board::rd_n(top), wr = !Board::wr_n(top), driven = Board::driven(top);
		if (rd || wr)
			j.quiet = 0;
		if (driven && (rd || edge - read_at < Board::answer))
			j.broken++;
		if (rd && !reading) {
			if (!offered || edge < offered_from)
				j.broken++;
			read_at = edge;
		}
		if (!rd && reading) {
			offered = false;
			read_at = edge;
			next_byte = std::max(next_byte, (edge + Board::answer + Board::recovery) * Board::bytes);
		}
		if (wr && !writing) {
			if (edge < room_from || !driven)
				j.broken++;
			latched = Board::data(top);
			written_at = edge;
			next_room = std::max(next_room, edge * Board::bytes) + Board::clocks;
			room_from = NEVER;
		}
		if (wr && (!driven || Board::data(top) != latched))
			j.broken++;
		if (!wr && writing) {
			j.received[j.given++] = std::uint8_t(latched);
			room_from = std::max(whole(next_room), edge + Board::answer + Board::recovery);
		}
		reading = rd;
		writing = wr;
	}
};

} // namespace twin
