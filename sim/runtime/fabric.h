// The circuit of an iCE40 or ECP5 bitstream, as numbers from boards/bitstream/table.py: look-up tables, also those used
// as memory, registers, block RAMs, SB_MAC16, SB_SPRAM256KA, DP16KD and MULT18X18D. Only items affected by a change are
// computed again. The table and this file must agree.
//
// Functions of the blocks: Lattice FPGA-DS-02008 (iCE40 UltraPlus), TN1250 (block RAM), TN1295 (SB_MAC16), TN1314
// (SB_SPRAM256KA), FPGA-TN-02204 (DP16KD), FPGA-TN-02205 (MULT18X18D).

#pragma once

#include <vector>

#include "value.h"

namespace twin {

class fabric {
protected:
	using word = std::uint32_t;

	enum kind : word { LUT, REGISTER, MAC, MULTIPLIER, DUAL_PORT };
	static constexpr int kinds = 3;

	struct lut {
		word in[4], out, table;
	};

	struct reg {
		word out, data, enable, reset, flags, clock;
		bool to_one() const { return flags & 1; }
		bool asynchronous() const { return flags & 2; }
		bool start() const { return flags & 4; }
		bool over() const { return flags & 8; }
	};

	struct ram {
		word read_data[16], read_address[11], read_enable[2];
		word write_address[11], write_data[16], mask[16], write_enable[2];
		word read_mode, write_mode, read_clock, write_clock;
		std::uint16_t words[256];
	};

	struct mac {
		word a[16], b[16], c[16], d[16], o[32];
		word ce, hold[4], irst[2], orst[2], oload[2], addsub[2], ohold[2], ci;
		word reg_a, reg_b, reg_c, reg_d, reg_f, reg_g, reg_jk, reg_h, mode_8x8, a_signed, b_signed;
		word select[2], lower[2], upper[2], carry[2];
		word clock;
		word ra, rb, rc, rd, rf, rg, rj, rk, rh, rq, rs;
		word f, g, h, p, r; // next values of the registers, except A to D, J and K
		word j, k;
	};

	struct single_port {
		word address[14], data[16], out[16], mask[4], chip_select, write, standby, sleep, power, clock;
		std::vector<std::uint16_t> words;
	};

	// The write port of a table used as memory; reads go through the table.
	struct lut_ram {
		word address[4], data, enable, lut, clock;
	};

	struct port {
		word address[14], data[18], out[18], enable, out_enable, write, reset, clock, width, registered, mode;
	};

	struct dual_port {
		port ports[2];
		word words[1024];
		word found[2] = {}; // the last value read at each port
		int busy[2] = {4, 4}; // clocks of each port after which its outputs are stable
	};

	struct multiplier {
		word a[18], b[18], out[36], a_signed, b_signed;
		struct {
			word there, clock, enable, reset;
		} registers[4];
		word held_a = 0, held_b = 0;
		std::uint64_t held_product = 0, held_out = 0;
		int busy = 4;
	};

	// A set of items to recompute: a bit for each item, and a bit for each 64 of these bits.
	struct dirty {
		std::vector<std::uint64_t> bits, any;
		void resize(std::size_t count) {
			bits.assign((count + 63) / 64, 0);
			any.assign((count + 4095) / 4096, 0);
		}
		void set(word item) {
			bits[item / 64] |= std::uint64_t(1) << item % 64;
			any[item / 4096] |= std::uint64_t(1) << item / 64 % 64;
		}
		void all(std::size_t count) {
			for (std::size_t item = 0; item < count; item++)
				set(word(item));
		}
		// Removes and returns the first item; -1 if there is none.
		i64 take() {
			for (std::size_t high = 0; high < any.size(); high++) {
				if (any[high] == 0)
					continue;
				std::size_t place = high * 64 + __builtin_ctzll(any[high]);
				std::size_t item = place * 64 + __builtin_ctzll(bits[place]);
				bits[place] &= bits[place] - 1;
				if (bits[place] == 0)
					any[high] &= any[high] - 1;
				return i64(item);
			}
			return -1;
		}
	};

	std::vector<std::uint8_t> level;
	std::vector<lut> luts;
	std::vector<reg> registers;
	std::vector<ram> rams;
	std::vector<mac> macs;
	std::vector<single_port> single_ports;
	std::vector<lut_ram> lut_rams;
	std::vector<dual_port> dual_ports;
	std::vector<multiplier> multipliers;
	std::vector<std::pair<word, word>> tables; // changes of this clock: table, new content
	std::vector<word> divider, fan, fan_start, asynchronous;
	dirty lut_changed, mac_changed;
	std::vector<dirty> register_changed;
	std::vector<std::pair<word, bool>> next;
	struct source {
		word net;
		std::vector<std::uint8_t> levels;
	};

	std::vector<source> sources;
	std::vector<word> watched;
	std::vector<std::uint32_t> seen;
	std::vector<word> loose; // multipliers whose output may follow an input without a clock
	std::size_t to_see = 0;
	word rx = 0, tx = 1;
	std::uint64_t ticks = 0;

	TWIN_INLINE void set(word net, bool value) {
		if (level[net] == value)
			return;
		level[net] = value;
		for (word at = fan_start[net]; at < fan_start[net + 1]; at++) {
			word item = fan[at] >> kinds;
			switch (fan[at] & ((1 << kinds) - 1)) {
			case LUT: lut_changed.set(item); break;
			case REGISTER: register_changed[registers[item].clock].set(item); break;
			case MAC: mac_changed.set(item); break;
			case MULTIPLIER:
				multipliers[item].busy = 4;
				if (!(multipliers[item].registers[2].there && multipliers[item].registers[3].there))
					loose.push_back(item);
				break;
			default: dual_ports[item].busy[0] = dual_ports[item].busy[1] = 4;
			}
		}
	}

	word number(const word *nets, int width) const {
		word found = 0;
		for (int bit = 0; bit < width; bit++)
			found |= word(level[nets[bit]]) << bit;
		return found;
	}

	void set_all(const word *nets, int width, word value) {
		for (int bit = 0; bit < width; bit++)
			set(nets[bit], value >> bit & 1);
	}

	// Evaluates look-up tables in order. A table that depends on a later one, in a loop, is evaluated again. After some
	// loops that didn't settle the budget is small: they have no right level.
	bool settle_luts() {
		std::size_t budget = (luts.size() + 64) * (unstable < 8 ? 16 : 2);
		for (i64 item; (item = lut_changed.take()) >= 0;) {
			const lut &l = luts[item];
			word row = level[l.in[0]] | level[l.in[1]] << 1 | level[l.in[2]] << 2 | level[l.in[3]] << 3;
			set(l.out, l.table >> row & 1);
			if (budget-- == 0) {
				lut_changed.set(word(item));
				return false;
			}
		}
		return true;
	}

	void settle() {
		for (int pass = 0; pass < 16; pass++) {
			if (!settle_luts()) {
				unstable++;
				return;
			}
			bool again = false;
			for (i64 item; (item = mac_changed.take()) >= 0; again = true)
				compute(macs[item]);
			while (!loose.empty()) {
				multiplier &m = multipliers[loose.back()];
				loose.pop_back();
				set_wide(m.out, product(m));
				again = true;
			}
			for (word item : asynchronous) {
				const reg &r = registers[item];
				if (level[r.reset] && level[r.out] != r.to_one()) {
					set(r.out, r.to_one());
					again = true;
				}
			}
			if (!again)
				return;
		}
	}

	void set_wide(const word *nets, std::uint64_t value) {
		for (int bit = 0; bit < 36; bit++)
			set(nets[bit], value >> bit & 1);
	}

	// The output of a multiplier.
	std::uint64_t product(const multiplier &m) const {
		if (m.registers[3].there)
			return m.held_out;
		return m.registers[2].there ? m.held_product : multiplied(m);
	}

	std::uint64_t multiplied(const multiplier &m) const {
		word a = m.registers[0].there ? m.held_a : number(m.a, 18), b = m.registers[1].there ? m.held_b : number(m.b, 18);
		i64 left = m.a_signed && a >> 17 ? i64(a) - (1 << 18) : a, right = m.b_signed && b >> 17 ? i64(b) - (1 << 18) : b;
		return std::uint64_t(left * right) & 0xfffffffff;
	}

	// A clock edge at a multiplier. All registers load the values before the edge.
	template<class Rises> void step(multiplier &m, const Rises &rises) {
		bool any = false;
		for (const auto &r : m.registers)
			any |= r.there && rises(r.clock);
		if (!any)
			return;
		m.busy--;
		std::uint64_t taken[4] = {number(m.a, 18), number(m.b, 18), multiplied(m), m.registers[2].there ? m.held_product : multiplied(m)};
		auto take = [&](int place, auto &held) {
			const auto &r = m.registers[place];
			if (!r.there || !rises(r.clock))
				return;
			if (level[r.reset])
				held = 0;
			else if (level[r.enable])
				held = taken[place];
		};
		take(0, m.held_a);
		take(1, m.held_b);
		take(2, m.held_product);
		take(3, m.held_out);
		std::uint64_t out = product(m);
		for (int bit = 0; bit < 36; bit++)
			next.emplace_back(m.out[bit], out >> bit & 1);
	}

	// Position of a port's word in a word of 18 bits: words of fewer than 9 bits skip every ninth bit.
	static word begins(const port &p, word address) {
		switch (p.width) {
		case 18: return 0;
		case 9: return (address >> 3 & 1) * 9;
		case 4: return (address >> 3 & 1) * 9 + (address >> 2 & 1) * 4;
		case 2: return (address >> 3 & 1) * 9 + (address >> 1 & 3) * 2;
		default: return (address >> 3 & 1) * 9 + (address & 7);
		}
	}

	// A clock edge at a block RAM. Both ports read the old content before either writes.
	template<class Rises> void step(dual_port &m, const Rises &rises) {
		word before[2], places[2] = {}, data[2] = {}, at[2] = {};
		for (int side = 0; side < 2; side++) {
			port &p = m.ports[side];
			if (!m.busy[side] || !rises(p.clock))
				continue;
			m.busy[side]--;
			word address = number(p.address, 14), start = begins(p, address), ones = (1u << p.width) - 1;
			at[side] = address >> 4;
			before[side] = m.found[side];
			bool writes = level[p.enable] && level[p.write];
			if (writes) {
				places[side] = p.width == 18 ? (address & 1 ? 0x1ff : 0) | (address & 2 ? 0x3fe00 : 0) : ones << start;
				data[side] = number(p.data, 18) << start;
			}
			if (level[p.reset])
				m.found[side] = 0;
			else if (level[p.enable] && !(writes && p.mode == 0))
				m.found[side] = (writes && p.mode == 1 ? number(p.data, 18) : m.words[at[side]] >> start) & ones;
			if (p.registered && level[p.reset])
				before[side] = 0;
			if (!p.registered || level[p.out_enable] || level[p.reset])
				for (int bit = 0; bit < 18; bit++)
					next.emplace_back(p.out[bit], (p.registered ? before[side] : m.found[side]) >> bit & 1);
		}
		for (int side = 0; side < 2; side++) {
			word &stored = m.words[at[side]], value = (stored & ~places[side]) | (data[side] & places[side]);
			if (stored != value)
				m.busy[0] = m.busy[1] = 4;
			stored = value;
		}
	}

	static word extended(word value, int from, bool sign) {
		word high = ~word(0) << from;
		return sign && value >> (from - 1) & 1 ? value | high : value & ~high;
	}

	// Computes a MAC's output, and the next values of its registers, from its registers and pins.
	void compute(mac &m) {
		word a = m.reg_a ? m.ra : number(m.a, 16), b = m.reg_b ? m.rb : number(m.b, 16);
		word c = m.reg_c ? m.rc : number(m.c, 16), d = m.reg_d ? m.rd : number(m.d, 16);
		word ah = extended(a >> 8, 8, m.a_signed), al = extended(a & 0xff, 8, m.a_signed && m.mode_8x8);
		word bh = extended(b >> 8, 8, m.b_signed), bl = extended(b & 0xff, 8, m.b_signed && m.mode_8x8);
		m.f = ah * bh & 0xffff;
		m.j = (al & 0xff) * bh & 0xffff;
		m.k = ah * (bl & 0xff) & 0xffff;
		m.g = al * bl & 0xffff;
		word f = m.reg_f ? m.rf : m.f, g = m.reg_g ? m.rg : m.g;
		word j = m.reg_jk ? m.rj : m.j, k = m.reg_jk ? m.rk : m.k;
		m.h = g + (extended(k, 16, m.a_signed) << 8) + (extended(j, 16, m.b_signed) << 8) + (f << 16);
		word h = m.reg_h ? m.rh : m.h;
		word z = m.lower[1] == 0 ? b : m.lower[1] == 1 ? g : m.lower[1] == 2 ? h & 0xffff : 0;
		word x = m.lower[0] == 0 ? a : m.lower[0] == 1 ? f : m.lower[0] == 2 ? h >> 16 : z & 0x8000 ? 0xffff : 0;
		bool add_bottom = level[m.addsub[1]], add_top = level[m.addsub[0]];
		word ones_bottom = add_bottom ? 0xffff : 0, ones_top = add_top ? 0xffff : 0;
		word carry = m.carry[1] == 1 ? 1 : m.carry[1] == 3 ? level[m.ci] : 0;
		word low = z + ((m.upper[1] ? d : m.rs) ^ ones_bottom) + carry;
		bool lco = low >> 16 & 1;
		carry = m.carry[0] == 0 ? 0 : m.carry[0] == 1 ? 1 : m.carry[0] == 2 ? lco : lco != add_bottom;
		word high = x + ((m.upper[0] ? c : m.rq) ^ ones_top) + carry;
		m.r = level[m.oload[1]] ? d : (low ^ ones_bottom) & 0xffff;
		m.p = level[m.oload[0]] ? c : (high ^ ones_top) & 0xffff;
		word top[4] = {m.p, m.rq, f, h >> 16}, bottom[4] = {m.r, m.rs, g, h & 0xffff};
		set_all(m.o, 16, bottom[m.select[1]]);
		set_all(m.o + 16, 16, top[m.select[0]]);
	}

	void step(mac &m) {
		bool ce = level[m.ce];
		auto take = [&](word &r, word value, word reset, bool hold) {
			r = level[reset] ? 0 : ce && !hold ? value : r;
		};
		word rj = m.rj, rk = m.rk, rh = m.rh;
		word a = number(m.a, 16), b = number(m.b, 16), c = number(m.c, 16), d = number(m.d, 16);
		take(m.rq, m.p, m.orst[0], level[m.ohold[0]]);
		take(m.rs, m.r, m.orst[1], level[m.ohold[1]]);
		take(m.rh, m.mode_8x8 ? rh : m.h, m.irst[1], false);
		take(m.rf, m.f, m.irst[0], false);
		take(m.rj, m.mode_8x8 ? rj : m.j, m.irst[0], false);
		take(m.rg, m.g, m.irst[1], false);
		take(m.rk, m.mode_8x8 ? rk : m.k, m.irst[1], false);
		take(m.ra, a, m.irst[0], level[m.hold[0]]);
		take(m.rc, c, m.irst[0], level[m.hold[2]]);
		take(m.rb, b, m.irst[1], level[m.hold[1]]);
		take(m.rd, d, m.irst[1], level[m.hold[3]]);
	}

	// The bits of a word that narrow word number `part` uses: every 2nd, 4th or 8th.
	static word chosen(word mode, word part) {
		static const word every[4] = {0xffff, 0x5555, 0x1111, 0x0101};
		return every[mode] << part;
	}

	static word part_of(word mode, word address) { return address >> 8 & ((1u << mode) - 1); }

	// The pins of a narrow word's bits among the 16 pins.
	static word narrow_pins(word mode) {
		static const word pins[4] = {0xffff, 0x5555, 0x2222, 0x0808};
		return pins[mode];
	}

	void step(ram &m, bool reads, bool writes) {
		if (reads && level[m.read_enable[0]] && level[m.read_enable[1]]) {
			word address = number(m.read_address, 11);
			word value = m.words[address & 0xff], found = value;
			if (m.read_mode) {
				value &= chosen(m.read_mode, part_of(m.read_mode, address));
				found = 0;
				int group = 1 << m.read_mode, pin = __builtin_ctz(narrow_pins(m.read_mode));
				for (int first = 0; first < 16; first += group)
					found |= word((value >> first & ((1u << group) - 1)) != 0) << (first + pin);
			}
			for (int bit = 0; bit < 16; bit++)
				next.emplace_back(m.read_data[bit], found >> bit & 1);
		}
		if (writes && level[m.write_enable[0]] && level[m.write_enable[1]]) {
			word address = number(m.write_address, 11), data = number(m.write_data, 16), places;
			if (m.write_mode) {
				int group = 1 << m.write_mode, pin = __builtin_ctz(narrow_pins(m.write_mode));
				word spread = 0;
				for (int first = 0; first < 16; first += group)
					spread |= (data >> (first + pin) & 1 ? (1u << group) - 1 : 0) << first;
				data = spread;
				places = chosen(m.write_mode, part_of(m.write_mode, address));
			} else {
				places = ~number(m.mask, 16) & 0xffff;
			}
			std::uint16_t &at = m.words[address & 0xff];
			at = std::uint16_t((at & ~places) | (data & places));
		}
	}

	void step(single_port &m) {
		if (level[m.sleep] || !level[m.power]) {
			for (word net : m.out)
				next.emplace_back(net, false);
			return;
		}
		if (level[m.standby] || !level[m.chip_select])
			return;
		std::uint16_t &at = m.words[number(m.address, 14)];
		if (level[m.write]) {
			word data = number(m.data, 16);
			for (int part = 0; part < 4; part++)
				if (level[m.mask[part]])
					at = std::uint16_t((at & ~(0xf << 4 * part)) | (data & 0xf << 4 * part));
			return;
		}
		for (int bit = 0; bit < 16; bit++)
			next.emplace_back(m.out[bit], at >> bit & 1);
	}

	template<class Item> static void take(const word *&from, Item &item, std::size_t words) {
		std::memcpy(&item, from, words * sizeof(word));
		from += words;
	}

public:
	value<1> p_rx, p_tx;
	std::uint64_t unstable = 0;

	fabric() {
		p_rx = value<1>::of(1);
		p_tx = value<1>::of(1);
	}

	// Reads the table: counts, clock dividers, then the items of each kind. Returns the position after it.
	const word *load(const word *from) {
		word nets = from[0], lut_count = from[1], register_count = from[2], ram_count = from[3], mac_count = from[4];
		word single_count = from[5], lut_ram_count = from[6], dual_count = from[7], multiplier_count = from[8];
		word clocks = from[9], seed = from[10];
		const bool from_zero = seed == 0;
		rx = from[11];
		tx = from[12];
		from += 13;
		level.assign(nets, 0);
		divider.assign(from, from + clocks);
		from += clocks;
		luts.resize(lut_count);
		for (lut &one : luts)
			take(from, one, 6);
		registers.resize(register_count);
		for (reg &one : registers)
			take(from, one, 6);
		rams.resize(ram_count);
		for (ram &one : rams) {
			take(from, one, 78);
			for (std::uint16_t &at : one.words)
				at = std::uint16_t(*from++);
		}
		macs.assign(mac_count, mac{});
		for (mac &one : macs)
			take(from, one, 132);
		single_ports.resize(single_count);
		for (single_port &one : single_ports) {
			const word *start = from;
			auto part = [&](word *to, int count) {
				std::memcpy(to, from, count * sizeof(word));
				from += count;
			};
			part(one.address, 14);
			part(one.data, 16);
			part(one.out, 16);
			part(one.mask, 4);
			one.chip_select = start[50];
			one.write = start[51];
			one.standby = start[52];
			one.sleep = start[53];
			one.power = start[54];
			one.clock = start[55];
			from = start + 56;
			// The content at power-up is undefined.
			one.words.resize(1 << 14);
			for (std::uint16_t &at : one.words)
				at = std::uint16_t((seed = seed * 1664525 + 1013904223) >> 16);
		}
		lut_rams.resize(lut_ram_count);
		for (lut_ram &one : lut_rams)
			take(from, one, 8);
		dual_ports.assign(dual_count, dual_port{});
		for (dual_port &one : dual_ports)
			take(from, one, 2 * 58 + 1024);
		multipliers.assign(multiplier_count, multiplier{});
		for (multiplier &one : multipliers)
			take(from, one, 90);
		fan_start.assign(from, from + nets + 1);
		from += nets + 1;
		fan.assign(from, from + fan_start[nets]);
		from += fan_start[nets];
		lut_changed.resize(luts.size());
		lut_changed.all(luts.size());
		mac_changed.resize(macs.size());
		mac_changed.all(macs.size());
		// One set more than there are clocks: for registers without a clock.
		register_changed.resize(clocks + 1);
		for (dirty &one : register_changed)
			one.resize(registers.size());
		for (word item = 0; item < registers.size(); item++) {
			register_changed[registers[item].clock].set(item);
			if (registers[item].asynchronous())
				asynchronous.push_back(item);
		}
		level[1] = 1;
		for (const reg &one : registers)
			level[one.out] = one.start();
		for (word item = 0; item < multipliers.size(); item++)
			loose.push_back(item);
		// A block RAM's output before the first read is undefined too; without a seed it is 0.
		auto undefined = [&] { return from_zero ? 0 : (seed = seed * 1664525 + 1013904223) >> 31; };
		for (const ram &one : rams)
			for (int bit = 0; bit < 16; bit++)
				if (one.read_mode == 0 || narrow_pins(one.read_mode) >> bit & 1)
					level[one.read_data[bit]] = undefined();
		for (dual_port &one : dual_ports)
			for (int side = 0; side < 2; side++)
				for (int bit = 0; bit < int(one.ports[side].width); bit++) {
					one.found[side] |= word(undefined()) << bit;
					level[one.ports[side].out[bit]] = undefined();
				}
		settle();
		return from;
	}

	// Runs `count` ticks with one input level each; `out` gets the output level of each.
	void levels(const char *in, char *out, i64 count) {
		for (i64 tick = 0; tick < count; tick++) {
			p_rx = value<1>::of(in[tick]);
			clock();
			out[tick] = char(p_tx.low());
		}
	}

	// Drives an input from now on, with one level a tick, repeated.
	void drive(word net, const char *in, i64 count) {
		for (std::size_t place = 0; place < sources.size(); place++)
			if (sources[place].net == net)
				sources.erase(sources.begin() + place--);
		sources.push_back({net, std::vector<std::uint8_t>(in, in + count)});
	}

	// Records the levels of up to 32 nets after each of the next ticks, as numbers.
	void watch(const word *nets, i64 count, i64 next_ticks) {
		watched.assign(nets, nets + count);
		seen.clear();
		seen.reserve(next_ticks);
		to_see = next_ticks;
	}

	// The number of recorded ticks; `out` gets their levels once all are recorded.
	i64 saw(std::uint32_t *out) {
		if (out && seen.size() == to_see)
			std::copy(seen.begin(), seen.end(), out);
		return i64(seen.size());
	}

	// One tick. The period of every clock is a whole number of ticks.
	void clock() {
		bool any = level[rx] != p_rx.low() || !sources.empty() || seen.size() < to_see;
		for (word one : divider)
			any |= ticks % one == 0;
		if (!any) {
			ticks++;
			return;
		}
		set(rx, p_rx.low());
		for (const source &one : sources)
			set(one.net, one.levels[ticks % one.levels.size()]);
		settle();
		next.clear();
		tables.clear();
		auto rises = [&](word clock) { return clock < divider.size() && ticks % divider[clock] == 0; };
		for (word clock = 0; clock < divider.size(); clock++) {
			if (!rises(clock))
				continue;
			for (i64 item; (item = register_changed[clock].take()) >= 0;) {
				const reg &r = registers[item];
				// A synchronous set or reset of an iCE40 also waits for the enable.
				if (level[r.reset] && (r.asynchronous() || r.over() || level[r.enable]))
					next.emplace_back(r.out, r.to_one());
				else if (level[r.enable])
					next.emplace_back(r.out, level[r.data]);
			}
		}
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
		for (const lut_ram &one : lut_rams)
			if (rises(one.clock) && level[one.enable]) {
				word bit = 1u << number(one.address, 4), table = luts[one.lut].table;
				tables.emplace_back(one.lut, level[one.data] ? table | bit : table & ~bit);
			}
		for (dual_port &one : dual_ports)
			if (one.busy[0] || one.busy[1])
				step(one, rises);
		for (multiplier &one : multipliers)
			if (one.busy)
				step(one, rises);
		for (auto [net, value] : next)
			set(net, value);
		for (auto [item, table] : tables) {
			luts[item].table = table;
			lut_changed.set(item);
		}
		ticks++;
		settle();
		p_tx = value<1>::of(level[tx]);
		if (seen.size() < to_see) {
			std::uint32_t levels = 0;
			for (std::size_t bit = 0; bit < watched.size(); bit++)
				levels |= std::uint32_t(level[watched[bit]]) << bit;
			seen.push_back(levels);
		}
	}
};

} // namespace twin
