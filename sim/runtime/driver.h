// Runs a core with streams on both sides, thousands of clocks a call. The fields are described in sim/twin/job.py; both
// must agree.

#pragma once

#include <cstring>

#include "value.h"

namespace twin {

struct job {
	// Data to send.
	const i64 *samples;
	const std::uint8_t *marks;
	i64 beats;
	const i64 *frame_starts;
	const i64 *frame_rows;
	const i64 *frame_columns;
	const i64 *frame_boundaries;
	const i64 *frame_fills;
	i64 frames;
	const i64 *coefficients;
	const std::uint8_t *coefficient_marks;
	i64 coefficient_count;
	i64 coefficient_clock;

	// Pauses: one byte a clock, repeated; 1 pauses the side.
	const std::uint8_t *gaps;
	i64 gap_count;
	const std::uint8_t *stalls;
	i64 stall_count;
	const std::uint8_t *coefficient_gaps;
	i64 coefficient_gap_count;

	// Buffers for results.
	i64 *results;
	std::uint8_t *result_marks;
	i64 capacity;
	i64 *accept_clocks;
	i64 *result_clocks;

	// Limits and options.
	i64 wanted;
	i64 settle;
	i64 limit;
	i64 patience;
	i64 shy;
	i64 probe;

	// Results of the run.
	i64 clock;
	i64 accepted;
	i64 delivered;
	i64 loaded;
	i64 idle;
	i64 settled;
	i64 first_accept;
	i64 first_result;
	i64 last_result;
	i64 source_stalls;
	i64 sink_stalls;
	i64 violations;
	i64 violation_clock;
	i64 frame;
	i64 holding;
	i64 coefficient_holding;
	i64 offered;
	i64 errors[8];
	i64 error_clocks[8];
	i64 busy;
	i64 pending;
	i64 overflow;
};

enum outcome { SLICE = 0, DONE = 1, LIMIT = 2, STUCK = 3 };

// Bits of a result, possibly more than 64, in words, lowest first; the last word is sign- or zero-extended.
template<size_t Width, bool Signed, size_t Offset, class Port> TWIN_INLINE void read_result(const Port &port, i64 *words) {
	const auto data = port.template cut<Offset + Width - 1, Offset>();
	constexpr size_t count = decltype(data)::words;
	const auto extended = data.template cast<64 * count, Signed>();
	for (size_t n = 0; n < count; n++)
		words[n] = i64(extended.data[n]);
}

template<class Core> struct simulation {
	typename Core::top top;

	outcome run(job &j, i64 clocks) {
		const i64 end = j.clock + clocks < j.limit ? j.clock + clocks : j.limit;
		for (; j.clock < end; j.clock++) {
			if (j.accepted == j.beats && j.loaded == j.coefficient_count && j.delivered >= j.wanted && j.settled++ >= j.settle)
				return DONE;
			if (j.idle >= j.patience)
				return STUCK;
			if (!stretch(j, end))
				step(j);
		}
		if (j.clock < j.limit)
			return SLICE;
		return LIMIT;
	}

	void reset(i64 clocks) {
		for (i64 n = 0; n < clocks; n++)
			top.template tick<true>();
	}

	// The outputs in the current state, without a clock.
	void look(job &j) const {
		auto copy = top;
		copy.template tick<false>();
		j.busy = Core::busy(copy);
		j.pending = Core::pending(copy);
	}

private:
	// Clocks in which neither side pauses and no coefficient waits, inside one frame: most of an image. Equivalent to as
	// many calls of `step`, without checks that always fail here.
	bool stretch(job &j, i64 end) {
		if (j.gap_count || j.stall_count || j.shy || j.probe || j.accept_clocks || j.result_clocks)
			return false;
		if (j.offered == 2 || j.loaded < j.coefficient_count)
			return false;
		while (j.frame + 1 < j.frames && j.accepted >= j.frame_starts[j.frame + 1])
			j.frame++;
		// Up to the next frame's first beat, the last beat or the last result.
		const i64 samples = (j.frame + 1 < j.frames ? j.frame_starts[j.frame + 1] : j.beats) - j.accepted;
		const i64 room = j.capacity - j.delivered;
		i64 most = end - j.clock < samples ? end - j.clock : samples;
		most = room < most ? room : most;
		most = j.patience - j.idle < most ? j.patience - j.idle : most;
		if (most <= 0)
			return false;
		const i64 *sample = j.samples + j.accepted * i64(Core::samples);
		const std::uint8_t *mark = j.marks + j.accepted;
		i64 *result = j.results + j.delivered * i64(Core::result_words);
		std::uint8_t *result_mark = j.result_marks + j.delivered;
		const bool sized = j.frames > 0;
		const i64 rows = sized ? j.frame_rows[j.frame] : 0, columns = sized ? j.frame_columns[j.frame] : 0;
		const i64 boundary = sized ? j.frame_boundaries[j.frame] : 0, fill = sized ? j.frame_fills[j.frame] : 0;
		i64 now = j.clock, idle = j.idle, stalls = 0, first_accept = -1, first_result = -1, last_result = -1;
		i64 flipped = 1; // neither 0 nor -1: the first beat's sizes must still be set
		bool taken = false, offer = false;
		Core::set_output_ready(top, true);
		for (const i64 stop = now + most; now < stop; now++) {
			const std::uint8_t marks = *mark;
			const i64 flip = marks & 1 ? 0 : -1;
			if (sized && flip != flipped) {
				Core::set_frame(top, rows ^ flip, columns ^ flip, boundary ^ flip, fill ^ flip);
				flipped = flip;
			}
			Core::set_input(top, true, sample, 0, marks);
			if (Core::loadable)
				Core::set_coefficient(top, false, &now, std::uint8_t(now));
			top.template tick<false>();
			taken = Core::input_ready(top);
			offer = Core::output_valid(top);
			sample += taken * Core::samples;
			mark += taken;
			stalls += !taken;
			if (offer) {
				Core::read_output(top, result);
				*result_mark++ = Core::output_marks(top);
				result += Core::result_words;
				if (first_result < 0)
					first_result = now;
				last_result = now;
			}
			if (taken && first_accept < 0)
				first_accept = now;
			idle = taken || offer ? 0 : idle + 1;
			if (const unsigned errors = Core::errors(top)) {
				j.clock = now;
				count_errors(j, errors);
			}
			j.overflow += Core::overflow(top);
		}
		j.clock = now - 1;
		j.accepted = mark - j.marks;
		j.delivered = result_mark - j.result_marks;
		j.holding = !taken;
		j.source_stalls += stalls;
		j.idle = idle;
		j.offered = offer;
		if (j.first_accept < 0)
			j.first_accept = first_accept;
		if (j.first_result < 0)
			j.first_result = first_result;
		if (last_result >= 0)
			j.last_result = last_result;
		return true;
	}

	TWIN_INLINE void step(job &j) {
		const i64 now = j.clock;
		bool progress = false;

		// An offered beat stays until it is taken. Without a beat, the payload is wrong on purpose.
		bool valid = j.holding;
		if (!valid && j.accepted < j.beats)
			valid = j.gap_count == 0 || !j.gaps[now % j.gap_count];
		if (j.accepted < j.beats) {
			while (j.frame + 1 < j.frames && j.accepted >= j.frame_starts[j.frame + 1])
				j.frame++;
			const std::uint8_t marks = j.marks[j.accepted];
			if (j.frames > 0) {
				const bool sampled = valid && (marks & 1);
				const i64 flip = sampled ? 0 : ~i64(0);
				Core::set_frame(top, j.frame_rows[j.frame] ^ flip, j.frame_columns[j.frame] ^ flip,
					j.frame_boundaries[j.frame] ^ flip, j.frame_fills[j.frame] ^ flip);
			}
			Core::set_input(top, valid, j.samples + j.accepted * i64(Core::samples), valid ? 0 : ~i64(0), valid ? marks : ~marks);
		} else {
			i64 nothing[Core::samples];
			for (auto &value : nothing)
				value = now;
			Core::set_input(top, false, nothing, 0, std::uint8_t(now));
		}

		bool load = j.coefficient_holding;
		if (!load && j.loaded < j.coefficient_count && now >= j.coefficient_clock)
			load = j.coefficient_gap_count == 0 || !j.coefficient_gaps[now % j.coefficient_gap_count];
		if (Core::loadable) {
			if (load)
				Core::set_coefficient(top, true, j.coefficients + j.loaded, j.coefficient_marks[j.loaded]);
			else
				Core::set_coefficient(top, false, &now, std::uint8_t(now));
		}

		bool ready = j.stall_count == 0 || !j.stalls[now % j.stall_count];
		if (j.shy)
			ready = ready && j.offered;
		if (j.probe)
			probe(j, ready);

		Core::set_output_ready(top, ready);
		top.template tick<false>();

		if (valid) {
			if (Core::input_ready(top)) {
				if (j.accept_clocks)
					j.accept_clocks[j.accepted] = now;
				if (j.first_accept < 0)
					j.first_accept = now;
				j.accepted++;
				progress = true;
				j.holding = 0;
			} else {
				j.holding = 1;
				j.source_stalls++;
			}
		}
		if (load) {
			j.coefficient_holding = !Core::coefficient_ready(top);
			if (!j.coefficient_holding) {
				j.loaded++;
				progress = true;
			}
		}

		const bool offer = Core::output_valid(top);
		if (j.offered == 2)
			check_hold(j, offer);
		if (offer) {
			if (j.first_result < 0)
				j.first_result = now;
			if (ready) {
				if (j.delivered < j.capacity) {
					Core::read_output(top, j.results + j.delivered * Core::result_words);
					j.result_marks[j.delivered] = Core::output_marks(top);
					if (j.result_clocks)
						j.result_clocks[j.delivered] = now;
				}
				j.delivered++;
				j.last_result = now;
				progress = true;
			} else {
				j.sink_stalls++;
				remember_offer();
			}
		}
		j.offered = offer ? (ready ? 1 : 2) : 0;

		const unsigned errors = Core::errors(top);
		if (errors)
			count_errors(j, errors);
		j.overflow += Core::overflow(top);
		j.idle = progress ? 0 : j.idle + 1;
	}

	// Results and marks of an offer.
	struct kept {
		i64 words[Core::result_words];
		i64 marks;
	};
	kept last_offer{};

	void remember_offer() {
		Core::read_output(top, last_offer.words);
		last_offer.marks = Core::output_marks(top);
	}

	// A result that was offered and not taken must still be offered, unchanged.
	void check_hold(job &j, bool valid) const {
		kept now{};
		if (valid) {
			Core::read_output(top, now.words);
			now.marks = Core::output_marks(top);
		}
		if (!valid || std::memcmp(&now, &last_offer, sizeof now) != 0)
			violation(j);
	}

	// The core's outputs to its source, and its offer of a result, must not depend on the sink's ready in the same clock.
	void probe(job &j, bool ready) const {
		auto one = top, other = top;
		Core::set_output_ready(one, ready);
		Core::set_output_ready(other, !ready);
		one.template tick<false>();
		other.template tick<false>();
		if (Core::input_ready(one) != Core::input_ready(other) || Core::output_valid(one) != Core::output_valid(other))
			violation(j);
	}

	static void violation(job &j) {
		if (j.violations++ == 0)
			j.violation_clock = j.clock;
	}

	static void count_errors(job &j, unsigned errors) {
		for (unsigned n = 0; n < 8; n++)
			if ((errors >> n) & 1 && j.errors[n]++ == 0)
				j.error_clocks[n] = j.clock;
	}
};

} // namespace twin
