// The far end of a device with an FT245 FIFO at its pins: what an FT2232H does in asynchronous mode, as slowly as its data sheet lets it.

#pragma once

#include "board.h"

#include <algorithm>

namespace twin {

// A byte each way takes `clocks` parts of time at least, a clock `bytes` of them.
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

	// Clocks, and what the pins were behind the last one.
	i64 now = 0;
	bool reading = false, writing = false;

	// The byte that waits, when RXF# says so, until when it still says so once RD# has risen, and when the next one may come.
	bool offered = false;
	unsigned byte = 0;
	i64 offered_from = 0, read_at = -NEVER, next_byte = 0;

	// The byte of a WR#, from when TXE# says that there is room again, and since when it may.
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

	// RXF# and TXE# answer a strobe late: of a byte that is read or written they tell the old for a while.
	TWIN_INLINE bool has_byte() const { return (offered && now >= offered_from) || now - read_at < Board::answer; }
	TWIN_INLINE bool has_room() const { return now >= room_from || now - written_at < Board::answer; }

	TWIN_INLINE unsigned bus() const { return reading && now - read_at >= Board::answer ? byte : 0xa5 ^ unsigned(read_at & 0xff); }

	TWIN_INLINE void look(line_job &j) {
		// The outputs are those in front of the clock's edge: what changed did so at the edge before.
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
