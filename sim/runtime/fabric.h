// An iCE40's circuit, as boards/bitstream/table.py lays it out in numbers: look-up tables, registers, block RAMs, SB_MAC16 and
// SB_SPRAM256KA. Only what a change reaches is computed again. The table and this file must agree.
//
// What the blocks do: Lattice FPGA-DS-02008 (iCE40 UltraPlus), TN1250 (block RAM), TN1295 (SB_MAC16), TN1314 (SB_SPRAM256KA).

#pragma once

#include <vector>

#include "value.h"

namespace twin {

class fabric {
	using word = std::uint32_t;

	enum kind : word { LUT, REGISTER, MAC };

	struct lut {
		word in[4], out, table;
	};

	struct reg {
		word out, data, enable, reset, flags, clock;
		bool to_one() const { return flags & 1; }
		bool asynchronous() const { return flags & 2; }
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
		word f, g, h, p, r; // what the registers take next, but for A to D, J and K
		word j, k;
	};

	struct single_port {
		word address[14], data[16], out[16], mask[4], chip_select, write, standby, sleep, power, clock;
		std::vector<std::uint16_t> words;
	};

	// Bits of what must be looked at, one for each item.
	struct dirty {
		std::vector<std::uint64_t> bits;
		void resize(std::size_t count) { bits.assign((count + 63) / 64, 0); }
		void set(word item) { bits[item / 64] |= std::uint64_t(1) << item % 64; }
		void all(std::size_t count) {
			for (std::size_t item = 0; item < count; item++)
				set(word(item));
		}
	};

	std::vector<std::uint8_t> level;
	std::vector<lut> luts;
	std::vector<reg> registers;
	std::vector<ram> rams;
	std::vector<mac> macs;
	std::vector<single_port> single_ports;
	std::vector<word> divider, fan, fan_start, asynchronous;
	dirty lut_changed, mac_changed;
	std::vector<dirty> register_changed;
	std::vector<std::pair<word, bool>> next;
	word rx = 0, tx = 1;
	std::uint64_t ticks = 0;

	TWIN_INLINE void set(word net, bool value) {
		if (level[net] == value)
			return;
		level[net] = value;
		for (word at = fan_start[net]; at < fan_start[net + 1]; at++) {
			word item = fan[at] >> 2;
			switch (fan[at] & 3) {
			case LUT: lut_changed.set(item); break;
			case REGISTER: register_changed[registers[item].clock].set(item); break;
			default: mac_changed.set(item);
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

	// Look-up tables in their order; one that depends on a later one, in a loop, is looked at again. A loop that has found no
	// rest a few times is given little time: it has no right level.
	bool settle_luts() {
		std::size_t budget = (luts.size() + 64) * (unstable < 8 ? 16 : 2);
		for (bool again = true; again;) {
			again = false;
			for (std::size_t place = 0; place < lut_changed.bits.size(); place++) {
				while (std::uint64_t bits = lut_changed.bits[place]) {
					if (budget-- == 0)
						return false;
					again = true;
					lut_changed.bits[place] = bits & (bits - 1);
					const lut &l = luts[place * 64 + __builtin_ctzll(bits)];
					word row = level[l.in[0]] | level[l.in[1]] << 1 | level[l.in[2]] << 2 | level[l.in[3]] << 3;
					set(l.out, l.table >> row & 1);
				}
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
			for (std::size_t place = 0; place < mac_changed.bits.size(); place++)
				while (std::uint64_t bits = mac_changed.bits[place]) {
					mac_changed.bits[place] = bits & (bits - 1);
					again = true;
					compute(macs[place * 64 + __builtin_ctzll(bits)]);
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

	static word extended(word value, int from, bool sign) {
		word high = ~word(0) << from;
		return sign && value >> (from - 1) & 1 ? value | high : value & ~high;
	}

	// From a MAC's registers and pins to its output, and to what its registers take next.
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

	// Of a word, the bits that one narrow word of a mode has: of its number `part`, every 2nd, 4th or 8th.
	static word chosen(word mode, word part) {
		static const word every[4] = {0xffff, 0x5555, 0x1111, 0x0101};
		return every[mode] << part;
	}

	static word part_of(word mode, word address) { return address >> 8 & ((1u << mode) - 1); }

	// Where a narrow word's bits are on the pins of 16.
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

	// Reads the table: counts, clocks' dividers, then the items of each kind.
	void load(const word *from) {
		word nets = from[0], lut_count = from[1], register_count = from[2], ram_count = from[3], mac_count = from[4];
		word single_count = from[5], clocks = from[6], seed = from[7];
		rx = from[8];
		tx = from[9];
		from += 10;
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
			// What is in it at power-up isn't defined.
			one.words.resize(1 << 14);
			for (std::uint16_t &at : one.words)
				at = std::uint16_t((seed = seed * 1664525 + 1013904223) >> 16);
		}
		fan_start.assign(from, from + nets + 1);
		from += nets + 1;
		fan.assign(from, from + fan_start[nets]);
		lut_changed.resize(luts.size());
		lut_changed.all(luts.size());
		mac_changed.resize(macs.size());
		mac_changed.all(macs.size());
		// One more than there are clocks: of registers that no clock reaches.
		register_changed.resize(clocks + 1);
		for (dirty &one : register_changed)
			one.resize(registers.size());
		for (word item = 0; item < registers.size(); item++) {
			register_changed[registers[item].clock].set(item);
			if (registers[item].asynchronous())
				asynchronous.push_back(item);
		}
		level[1] = 1;
		settle();
	}

	// A level for each of so many ticks, and what comes out in each.
	void levels(const char *in, char *out, i64 count) {
		for (i64 tick = 0; tick < count; tick++) {
			p_rx = value<1>::of(in[tick]);
			clock();
			out[tick] = char(p_tx.low());
		}
	}

	// One tick of the fastest clock.
	void clock() {
		set(rx, p_rx.low());
		settle();
		next.clear();
		auto rises = [&](word clock) { return clock < divider.size() && ticks % divider[clock] == 0; };
		for (word clock = 0; clock < divider.size(); clock++) {
			if (!rises(clock))
				continue;
			dirty &changed = register_changed[clock];
			for (std::size_t place = 0; place < changed.bits.size(); place++)
				while (std::uint64_t bits = changed.bits[place]) {
					changed.bits[place] = bits & (bits - 1);
					const reg &r = registers[place * 64 + __builtin_ctzll(bits)];
					// A set or reset that is synchronous waits for the enable, too.
					if (level[r.reset] && (r.asynchronous() || level[r.enable]))
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
		for (auto [net, value] : next)
			set(net, value);
		ticks++;
		settle();
		p_tx = value<1>::of(level[tx]);
	}
};

} // namespace twin
