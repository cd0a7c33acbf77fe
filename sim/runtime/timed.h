// An iCE40's circuit with delays, from boards/bitstream/timed.py: the table of fabric.h, followed by the delay from
// each source to each pin. The two must agree.
//
// Each pin is a net of its own. A wire's delay is that of the whole path: from clock to output of the source, over the
// net, and through the table or up to a register's setup time. So tables and registers themselves take no time. Delays
// are transport delays: each pulse arrives, however short.
//
// A change inside a pin's window after its clock edge violates setup or hold: a register takes either level by chance,
// a block stores or outputs anything. A later change that left its source before that edge is also too late: the
// register took the level before it.

#pragma once

#include <algorithm>
#include <vector>

#include "fabric.h"

namespace twin {

class timed : public fabric {
	static constexpr u64 slots = 1 << 16; // greatest delay, in picoseconds
	static constexpr u64 untimed = ~u64(0); // launch without a clock: from a pad, or by an asynchronous set or reset

	struct wire {
		word to, delay;
	};
	struct event {
		u64 launch;
		word net;
		int next;
		bool value;
	};
	// Origin of a change: for how long after an edge it matters, and when it left its register.
	struct cause {
		word open;
		u64 launch;
	};
	struct planned {
		u64 tick;
		word net, delay;
		bool value;
	};

	// Owner of a block's pin: read or write port of a block RAM, SB_MAC16, SB_SPRAM256KA.
	enum owner : word { READS, WRITES, MULTIPLIES, SINGLE };

	std::vector<wire> wires;
	std::vector<word> wire_start, window, guard, skew;
	std::vector<u64> last, stamp; // a clock's last edge; the edge at which a register was evaluated; 0 is none
	std::vector<std::uint8_t> before;
	std::vector<std::uint32_t> late;
	std::vector<word> order; // clocks, by their skew
	std::vector<std::uint8_t> rising;
	std::vector<planned> plans;

	// Levels in flight, by time of arrival; those of equal time in the order in which they were sent.
	std::vector<event> events;
	std::vector<int> head, tail;
	std::vector<u64> there;
	int unused = -1;
	u64 pending = 0;

	u64 now = 0, begun = 0; // the current time; the start of this tick
	word period = 1, phase = 0;
	bool rx_level = true;
	u64 state = 1;

	word chance() {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		return word(state >> 24);
	}

	void post(u64 time, word net, bool value, u64 launch) {
		int place = unused;
		if (place < 0) {
			place = int(events.size());
			events.push_back({});
		} else {
			unused = events[place].next;
		}
		events[place] = {launch, net, -1, value};
		u64 slot = time % slots;
		if (head[slot] < 0) {
			head[slot] = place;
			there[slot / 64] |= u64(1) << slot % 64;
		} else {
			events[tail[slot]].next = place;
		}
		tail[slot] = place;
		pending++;
	}

	void announce(word net, u64 launch) {
		for (word at = wire_start[net]; at < wire_start[net + 1]; at++)
			post(now + wires[at].delay, wires[at].to, level[net], launch);
	}

	// A level that leaves a register or a block now.
	void change(word net, bool value, u64 launch) { change(net, value, {0, launch}); }

	// A level that arrives.
	void change(word net, bool value, cause by) {
		if (level[net] == value)
			return;
		level[net] = value;
		for (word at = fan_start[net]; at < fan_start[net + 1]; at++) {
			word item = fan[at] >> kinds;
			switch (fan[at] & ((1 << kinds) - 1)) {
			case LUT: {
				const lut &l = luts[item];
				word row = level[l.in[0]] | level[l.in[1]] << 1 | level[l.in[2]] << 2 | level[l.in[3]] << 3;
				change(l.out, l.table >> row & 1, by);
				break;
			}
			case REGISTER: touch(item, by); break;
			default: mac_changed.set(item);
			}
		}
		if (guard[net])
			touch_block(net, guard[net] - 1, by);
		announce(net, by.launch);
	}

	// Whether a change violates setup or hold of a clock's last edge, or comes even later but left before that edge.
	bool misses(word clock, cause by) const {
		if (clock >= last.size() || !last[clock] || now <= last[clock])
			return false;
		return now - last[clock] < by.open || by.launch < last[clock];
	}

	bool within(word clock, cause by) const { return now - last[clock] < by.open; }

	// The next value of a register now, if its level was `held`.
	bool taken(const reg &r, bool held) const {
		if (level[r.reset] && (r.asynchronous() || r.over() || level[r.enable]))
			return r.to_one();
		return level[r.enable] ? level[r.data] : held;
	}

	void touch(word item, cause by) {
		const reg &r = registers[item];
		register_changed[r.clock].set(item);
		if (r.asynchronous() && level[r.reset])
			change(r.out, r.to_one(), untimed);
		if (!misses(r.clock, by))
			return;
		bool held = stamp[item] == last[r.clock] ? before[item] : level[r.out];
		if (taken(r, held) == bool(level[r.out]))
			return;
		late[item] += by.launch != untimed;
		if (within(r.clock, by))
			change(r.out, chance() & 1, by.launch == untimed ? untimed : now);
	}

	void touch_block(word net, word code, cause by) {
		word item = code >> 2, first = word(registers.size());
		auto enabled = [&](const word *enable) {
			return (enable[0] == net || level[enable[0]]) && (enable[1] == net || level[enable[1]]);
		};
		switch (code & 3) {
		case READS: {
			ram &m = rams[item];
			if (!misses(m.read_clock, by) || !enabled(m.read_enable))
				return;
			late[first + 2 * item] += by.launch != untimed;
			if (!within(m.read_clock, by))
				return;
			for (int bit = 0; bit < 16; bit++)
				if (m.read_mode == 0 || narrow_pins(m.read_mode) >> bit & 1)
					change(m.read_data[bit], chance() & 1, now);
			return;
		}
		case WRITES: {
			ram &m = rams[item];
			if (!misses(m.write_clock, by) || !enabled(m.write_enable))
				return;
			late[first + 2 * item + 1] += by.launch != untimed;
			if (within(m.write_clock, by))
				m.words[number(m.write_address, 8)] = std::uint16_t(chance());
			return;
		}
		case MULTIPLIES: {
			mac &m = macs[item];
			if (!misses(m.clock, by) || !(net == m.ce || level[m.ce]))
				return;
			late[first + 2 * rams.size() + item] += by.launch != untimed;
			if (!within(m.clock, by))
				return;
			for (word *held : {&m.ra, &m.rb, &m.rc, &m.rd})
				*held = chance() & 0xffff;
			mac_changed.set(item);
			return;
		}
		default: {
			single_port &m = single_ports[item];
			if (!misses(m.clock, by) || !(net == m.chip_select || level[m.chip_select]))
				return;
			late[first + 2 * rams.size() + macs.size() + item] += by.launch != untimed;
			if (!within(m.clock, by))
				return;
			m.words[number(m.address, 14)] = std::uint16_t(chance());
			for (word out : m.out)
				change(out, chance() & 1, now);
		}
		}
	}

	void compute_macs() {
		for (i64 item; (item = mac_changed.take()) >= 0;) {
			mac &m = macs[item];
			std::uint8_t shown[32];
			for (int bit = 0; bit < 32; bit++)
				shown[bit] = level[m.o[bit]];
			compute(m);
			for (int bit = 0; bit < 32; bit++)
				if (level[m.o[bit]] != shown[bit])
					announce(m.o[bit], now);
		}
	}

	// The first time from `from` to `to` with an arrival; `to` + 1 if there is none.
	u64 next_arrival(u64 from, u64 to) const {
		while (from <= to) {
			u64 slot = from % slots, bits = there[slot / 64] >> slot % 64;
			if (bits)
				return from + __builtin_ctzll(bits);
			from += 64 - slot % 64;
		}
		return to + 1;
	}

	void arrive() {
		u64 slot = now % slots;
		for (int place; (place = head[slot]) >= 0;) {
			event one = events[place];
			head[slot] = one.next;
			events[place].next = unused;
			unused = place;
			pending--;
			change(one.net, one.value, {window[one.net], one.launch});
		}
		there[slot / 64] &= ~(u64(1) << slot % 64);
		compute_macs();
	}

	// Runs up to a time, including its arrivals.
	void run_to(u64 time) {
		for (;;) {
			u64 next = next_arrival(now, time);
			if (next > time)
				break;
			now = next;
			arrive();
		}
		now = time;
	}

	// The clock edges at this time. Memories are read before they are written.
	void capture() {
		next.clear();
		for (word clock = 0; clock < rising.size(); clock++) {
			if (!rising[clock])
				continue;
			last[clock] = now;
			for (i64 item; (item = register_changed[clock].take()) >= 0;) {
				const reg &r = registers[item];
				stamp[item] = now;
				before[item] = level[r.out];
				next.emplace_back(r.out, taken(r, level[r.out]));
			}
		}
		auto rises = [&](word clock) { return clock < rising.size() && rising[clock]; };
		for (ram &one : rams)
			step(one, rises(one.read_clock), rises(one.write_clock));
		for (single_port &one : single_ports)
			if (rises(one.clock))
				step(one);
		for (word item = 0; item < macs.size(); item++)
			if (rises(macs[item].clock)) {
				step(macs[item]);
				mac_changed.set(item);
			}
		for (auto [net, value] : next)
			change(net, value, now);
		compute_macs();
	}

public:
	// The table of fabric.h; a seed, the picoseconds of a tick, the skew of each clock after the tick's start; then for
	// each net its wires, its window, and its block.
	void load(const word *from) {
		from = fabric::load(from);
		state = from[0] * u64(0x9e3779b97f4a7c15) + 1;
		period = from[1];
		from += 2;
		skew.assign(from, from + divider.size());
		from += divider.size();
		rising.assign(divider.size(), 0);
		order.resize(divider.size());
		for (word clock = 0; clock < order.size(); clock++)
			order[clock] = clock;
		std::stable_sort(order.begin(), order.end(), [&](word a, word b) { return skew[a] < skew[b]; });
		std::size_t nets = level.size();
		wire_start.assign(from, from + nets + 1);
		from += nets + 1;
		wires.resize(wire_start[nets]);
		for (wire &one : wires) {
			one = {from[0], from[1]};
			from += 2;
		}
		window.assign(from, from + nets);
		from += nets;
		guard.assign(from, from + nets);
		last.assign(divider.size(), 0);
		stamp.assign(registers.size(), 0);
		before.assign(registers.size(), 0);
		late.assign(registers.size() + 2 * rams.size() + macs.size() + single_ports.size(), 0);
		head.assign(slots, -1);
		tail.assign(slots, -1);
		there.assign(slots / 64, 0);
		phase = chance() % period;
		// All clocks stand still during configuration. The input is high.
		change(rx, true, untimed);
		for (word net = 0; net < nets; net++)
			if (level[net])
				announce(net, now);
		while (pending && now < 50 * slots)
			run_to(now + slots / 2);
		begun = now;
	}

	// Runs `count` ticks with one input level each; `out` gets the output level at the end of each.
	void levels(const char *in, char *out, i64 count) {
		for (i64 tick = 0; tick < count; tick++) {
			p_rx = value<1>::of(in[tick]);
			clock();
			out[tick] = char(p_tx.low());
		}
	}

	// Drives a net with a level in a future tick, `delay` picoseconds after the tick's start.
	void put(word net, bool value, i64 tick, word delay) { plans.push_back({u64(tick), net, delay, value}); }

	// Timing violations of each register, of each block RAM's read and write port, of each SB_MAC16 and SB_SPRAM256KA.
	void violations(std::uint32_t *out) const { std::copy(late.begin(), late.end(), out); }

	void clock() {
		if (rx_level != bool(p_rx.low())) {
			rx_level = p_rx.low();
			post(begun + phase, rx, rx_level, untimed);
		}
		for (const planned &one : plans)
			if (one.tick == ticks)
				post(begun + one.delay, one.net, one.value, untimed);
		for (word from = 0; from < order.size();) {
			word offset = skew[order[from]];
			bool any = false;
			std::fill(rising.begin(), rising.end(), 0);
			for (; from < order.size() && skew[order[from]] == offset; from++)
				any |= rising[order[from]] = ticks % divider[order[from]] == 0;
			if (any) {
				run_to(begun + offset);
				capture();
			}
		}
		run_to(begun + period - 1);
		begun += period;
		now = begun;
		ticks++;
		p_tx = value<1>::of(level[tx]);
	}
};

} // namespace twin
