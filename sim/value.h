// Numbers of a fixed width, with the operations by the names that Yosys' CXXRTL writes.
//
// CXXRTL's own runtime computes in 32-bit chunks and masks after every step; this one computes in one 64-bit word wherever a number fits,
// which is where almost all of a core's numbers fit. `value<W>` is always kept reduced: bits from W up are zero.
// Left out, so that it doesn't compile: division. No core has it. A concatenation can't be assigned to: translate.py takes those apart.

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#define TWIN_INLINE inline __attribute__((always_inline))

namespace twin {

using u64 = std::uint64_t;
using i64 = std::int64_t;
using u128 = unsigned __int128;

constexpr u64 low_mask(size_t bits) { return bits >= 64 ? ~u64(0) : (u64(1) << bits) - 1; }
constexpr size_t larger(size_t a, size_t b) { return a > b ? a : b; }

template<class Whole, size_t Stop, size_t Start> struct slice_of;
template<size_t W> struct joined;

template<size_t W> struct value {
	static constexpr size_t bits = W;
	static constexpr size_t words = W <= 64 ? 1 : (W + 63) / 64;
	static constexpr u64 top_mask = low_mask(W - 64 * (words - 1));
	using word = std::conditional_t<(W <= 32), std::uint32_t, u64>;

	word data[words] = {};

	value() = default;

	// 32-bit pieces of a constant, lowest first.
	template<class... Pieces, class = std::enable_if_t<(sizeof...(Pieces) > 0) && (std::is_integral_v<Pieces> && ...)>>
	TWIN_INLINE explicit constexpr value(Pieces... pieces) {
		const std::uint32_t list[] = {std::uint32_t(pieces)...};
		for (size_t n = 0; n < sizeof...(Pieces); n++)
			data[n / 2] |= word(u64(list[n]) << (32 * (n % 2)));
	}

	TWIN_INLINE static value of(u64 low) {
		value result;
		result.data[0] = word(words == 1 ? low & top_mask : low);
		return result;
	}

	TWIN_INLINE u64 low() const { return data[0]; }
	TWIN_INLINE value val() const { return *this; }
	TWIN_INLINE bool is_neg() const { return (data[words - 1] >> ((W - 1) % 64)) & 1; }

	TWIN_INLINE bool is_zero() const {
		u64 any = 0;
		for (size_t n = 0; n < words; n++)
			any |= data[n];
		return any == 0;
	}

	TWIN_INLINE explicit operator bool() const { return !is_zero(); }

	TWIN_INLINE void reduce() { data[words - 1] &= word(top_mask); }

	// The low 64 bits, sign-extended where the number is shorter.
	TWIN_INLINE i64 as_signed() const {
		if constexpr (W < 64)
			return i64(low() << (64 - W)) >> (64 - W);
		else
			return i64(low());
	}

	template<size_t V> TWIN_INLINE value<V> zcast() const {
		value<V> result;
		if constexpr (value<V>::words == 1) {
			return value<V>::of(low());
		} else {
			for (size_t n = 0; n < value<V>::words && n < words; n++)
				result.data[n] = data[n];
			result.reduce();
			return result;
		}
	}

	template<size_t V> TWIN_INLINE value<V> scast() const {
		if constexpr (V <= W) {
			return zcast<V>();
		} else if constexpr (value<V>::words == 1) {
			return value<V>::of(u64(as_signed()));
		} else {
			value<V> result;
			const u64 sign = is_neg() ? ~u64(0) : 0;
			for (size_t n = 0; n < value<V>::words; n++)
				result.data[n] = n < words ? u64(data[n]) : sign;
			if constexpr (W % 64 != 0)
				result.data[words - 1] |= sign << (W % 64);
			result.reduce();
			return result;
		}
	}

	template<size_t V, bool Signed> TWIN_INLINE value<V> cast() const {
		if constexpr (Signed)
			return scast<V>();
		else
			return zcast<V>();
	}

	// Bits Start to Stop.
	template<size_t Stop, size_t Start> TWIN_INLINE value<Stop - Start + 1> cut() const {
		static_assert(Start <= Stop && Stop < W);
		constexpr size_t first = Start / 64, shift = Start % 64;
		using result_type = value<Stop - Start + 1>;
		result_type result;
		if constexpr (result_type::words == 1) {
			u64 bits = data[first] >> shift;
			if constexpr (Stop / 64 > first)
				bits |= u64(data[first + 1]) << (64 - shift);
			return result_type::of(bits);
		} else {
			for (size_t n = 0; n < result_type::words; n++) {
				result.data[n] = data[first + n] >> shift;
				if (shift != 0 && first + n + 1 < words)
					result.data[n] |= data[first + n + 1] << (64 - shift);
			}
			result.reduce();
			return result;
		}
	}

	// Replaces bits Start to Stop.
	template<size_t Stop, size_t Start> TWIN_INLINE void paste(const value<Stop - Start + 1> &part) {
		static_assert(Start <= Stop && Stop < W);
		if constexpr (words == 1) {
			constexpr u64 mask = low_mask(Stop - Start + 1) << Start;
			data[0] = word((data[0] & ~mask) | (part.low() << Start));
		} else {
			constexpr size_t first = Start / 64, shift = Start % 64;
			for (size_t n = first; n <= Stop / 64; n++) {
				const u64 mask = (n == first ? ~u64(0) << shift : ~u64(0)) & (n == Stop / 64 ? low_mask(Stop % 64 + 1) : ~u64(0));
				u64 bits = 0;
				if (n - first < part.words)
					bits = u64(part.data[n - first]) << shift;
				if (shift != 0 && n > first)
					bits |= u64(part.data[n - first - 1]) >> (64 - shift);
				data[n] = (data[n] & ~mask) | (bits & mask);
			}
		}
	}

	template<size_t Stop, size_t Start = Stop> TWIN_INLINE value<Stop - Start + 1> slice() const & { return cut<Stop, Start>(); }
	template<size_t Stop, size_t Start = Stop> TWIN_INLINE value<Stop - Start + 1> slice() && { return cut<Stop, Start>(); }
	template<size_t Stop, size_t Start = Stop> TWIN_INLINE slice_of<value, Stop, Start> slice() & { return {*this}; }

	template<class Other> TWIN_INLINE joined<W + Other::bits> concat(const Other &other) const;

	template<size_t Count> TWIN_INLINE value<W * Count> repeat() const {
		if constexpr (W == 1) {
			return value<1>(*this).template scast<Count>();
		} else {
			value<W * Count> result;
			repeat_into<Count>(result, std::make_index_sequence<Count>());
			return result;
		}
	}

	TWIN_INLINE value bit_not() const {
		value result;
		for (size_t n = 0; n < words; n++)
			result.data[n] = word(~data[n]);
		result.reduce();
		return result;
	}

	TWIN_INLINE value bit_and(const value &other) const {
		value result;
		for (size_t n = 0; n < words; n++)
			result.data[n] = data[n] & other.data[n];
		return result;
	}

	TWIN_INLINE value bit_or(const value &other) const {
		value result;
		for (size_t n = 0; n < words; n++)
			result.data[n] = data[n] | other.data[n];
		return result;
	}

	TWIN_INLINE value bit_xor(const value &other) const {
		value result;
		for (size_t n = 0; n < words; n++)
			result.data[n] = data[n] ^ other.data[n];
		return result;
	}

	// The bits of `other` where `mask` has ones, of this number elsewhere.
	TWIN_INLINE value update(const value &other, const value &mask) const {
		value result;
		for (size_t n = 0; n < words; n++)
			result.data[n] = (data[n] & ~mask.data[n]) | (other.data[n] & mask.data[n]);
		return result;
	}

	TWIN_INLINE value add(const value &other, bool carry = false) const {
		if constexpr (words == 1)
			return of(low() + other.low() + carry);
		value result;
		u128 sum = carry;
		for (size_t n = 0; n < words; n++) {
			sum += u128(data[n]) + other.data[n];
			result.data[n] = word(sum);
			sum >>= 64;
		}
		result.reduce();
		return result;
	}

	TWIN_INLINE value sub(const value &other) const {
		if constexpr (words == 1)
			return of(low() - other.low());
		else
			return add(other.bit_not(), true);
	}

	TWIN_INLINE value neg() const { return value().sub(*this); }

	// The product, modulo 2**W.
	TWIN_INLINE value mul(const value &other) const {
		if constexpr (words == 1)
			return of(low() * other.low());
		value result;
		for (size_t n = 0; n < words; n++) {
			u64 carry = 0;
			for (size_t m = 0; n + m < words; m++) {
				const u128 sum = u128(data[n]) * other.data[m] + result.data[n + m] + carry;
				result.data[n + m] = word(sum);
				carry = u64(sum >> 64);
			}
		}
		result.reduce();
		return result;
	}

	TWIN_INLINE bool equals(const value &other) const {
		u64 differs = 0;
		for (size_t n = 0; n < words; n++)
			differs |= data[n] ^ other.data[n];
		return differs == 0;
	}

	TWIN_INLINE bool below_unsigned(const value &other) const {
		bool below = false;
		for (size_t n = 0; n < words; n++)
			below = data[n] != other.data[n] ? data[n] < other.data[n] : below;
		return below;
	}

	TWIN_INLINE bool below_signed(const value &other) const {
		if constexpr (words == 1)
			return as_signed() < other.as_signed();
		else
			return is_neg() != other.is_neg() ? is_neg() : below_unsigned(other);
	}

	// A shift's amount, W or more if it doesn't matter how much more.
	template<size_t V> TWIN_INLINE static size_t amount(const value<V> &by) {
		for (size_t n = 1; n < value<V>::words; n++)
			if (by.data[n] != 0)
				return W;
		return by.low() < W ? size_t(by.low()) : W;
	}

	template<size_t V> TWIN_INLINE value shl(const value<V> &by) const {
		const size_t distance = amount(by);
		value result;
		if (distance >= W)
			return result;
		if constexpr (words == 1)
			return of(low() << distance);
		const size_t far = distance / 64, near = distance % 64;
		for (size_t n = far; n < words; n++) {
			result.data[n] = word(u64(data[n - far]) << near);
			if (near != 0 && n > far)
				result.data[n] |= word(u64(data[n - far - 1]) >> (64 - near));
		}
		result.reduce();
		return result;
	}

	template<bool Signed, size_t V> TWIN_INLINE value shr(const value<V> &by) const {
		const bool ones = Signed && is_neg();
		const size_t distance = amount(by);
		if (distance >= W)
			return ones ? value().bit_not() : value();
		if constexpr (words == 1) {
			if constexpr (Signed)
				return of(u64(as_signed() >> distance));
			else
				return of(low() >> distance);
		}
		value result;
		const size_t far = distance / 64, near = distance % 64;
		const u64 fill = ones ? ~u64(0) : 0;
		const auto extended = [&](size_t n) -> u64 {
			return n >= words ? fill : n == words - 1 ? u64(data[n]) | (fill & ~top_mask) : u64(data[n]);
		};
		for (size_t n = 0; n < words; n++) {
			result.data[n] = word(extended(n + far) >> near);
			if (near != 0)
				result.data[n] |= word(extended(n + far + 1) << (64 - near));
		}
		result.reduce();
		return result;
	}

private:
	template<size_t Count, size_t... Place>
	TWIN_INLINE void repeat_into(value<W * Count> &result, std::index_sequence<Place...>) const {
		(result.template paste<W * Place + W - 1, W * Place>(*this), ...);
	}
};

// Part of a number, on either side of an assignment.
template<class Whole, size_t Stop, size_t Start> struct slice_of {
	static constexpr size_t bits = Stop - Start + 1;
	Whole &whole;

	TWIN_INLINE value<bits> val() const { return whole.template cut<Stop, Start>(); }
	TWIN_INLINE operator value<bits>() const { return val(); }
	TWIN_INLINE void operator=(const value<bits> &part) { whole.template paste<Stop, Start>(part); }
	template<class Other> TWIN_INLINE joined<bits + Other::bits> concat(const Other &other) const { return val().concat(other); }
	template<size_t Count> TWIN_INLINE value<bits * Count> repeat() const { return val().template repeat<Count>(); }
};

// The result of a concatenation: a number that can't be assigned to.
template<size_t W> struct joined {
	static constexpr size_t bits = W;
	value<W> all;

	TWIN_INLINE value<W> val() const { return all; }
	TWIN_INLINE operator value<W>() const { return all; }
	template<class Other> TWIN_INLINE joined<W + Other::bits> concat(const Other &other) const { return all.concat(other); }
	template<size_t Count> TWIN_INLINE value<W * Count> repeat() const { return all.template repeat<Count>(); }
	template<size_t Stop, size_t Start = Stop> TWIN_INLINE value<Stop - Start + 1> slice() const { return all.template cut<Stop, Start>(); }
	void operator=(const value<W> &) = delete;
};

template<size_t W> template<class Other> TWIN_INLINE joined<W + Other::bits> value<W>::concat(const Other &other) const {
	constexpr size_t below = Other::bits;
	if constexpr (W + below <= 64) {
		return {value<W + below>::of((low() << below) | other.val().low())};
	} else {
		auto result = other.val().template zcast<W + below>();
		result.template paste<W + below - 1, below>(*this);
		return {result};
	}
}

// Yosys' cells. The suffix says whether an operand is signed: that decides how it is extended to the width of the result.

#define TWIN_ONE(name, ...) \
	template<size_t Y, size_t A> TWIN_INLINE value<Y> name(const value<A> &a) { return __VA_ARGS__; }

TWIN_ONE(logic_not, value<Y>::of(a.is_zero()))
TWIN_ONE(reduce_or, value<Y>::of(!a.is_zero()))
TWIN_ONE(reduce_bool, value<Y>::of(!a.is_zero()))
TWIN_ONE(reduce_and, value<Y>::of(a.bit_not().is_zero()))
TWIN_ONE(not_u, a.template zcast<Y>().bit_not())
TWIN_ONE(not_s, a.template scast<Y>().bit_not())
TWIN_ONE(pos_u, a.template zcast<Y>())
TWIN_ONE(pos_s, a.template scast<Y>())
TWIN_ONE(neg_u, a.template zcast<Y>().neg())
TWIN_ONE(neg_s, a.template scast<Y>().neg())

template<size_t A> TWIN_INLINE bool parity(const value<A> &a) {
	u64 folded = 0;
	for (size_t n = 0; n < value<A>::words; n++)
		folded ^= a.data[n];
	return __builtin_parityll(folded);
}

TWIN_ONE(reduce_xor, value<Y>::of(parity(a)))
TWIN_ONE(reduce_xnor, value<Y>::of(!parity(a)))

#define TWIN_TWO(name, left_signed, right_signed, ...) \
	template<size_t Y, size_t A, size_t B> TWIN_INLINE value<Y> name(const value<A> &a, const value<B> &b) { \
		constexpr bool left = left_signed, right = right_signed; \
		constexpr size_t both = larger(A, B), wide = larger(A, Y); \
		(void)left, (void)right, (void)both, (void)wide; \
		return __VA_ARGS__; \
	}
#define TWIN_SAME(name, ...) \
	TWIN_TWO(name##uu, false, false, __VA_ARGS__) \
	TWIN_TWO(name##ss, true, true, __VA_ARGS__)

#define TWIN_A a.template cast<Y, left>()
#define TWIN_B b.template cast<Y, right>()
TWIN_SAME(and_, TWIN_A.bit_and(TWIN_B))
TWIN_SAME(or_, TWIN_A.bit_or(TWIN_B))
TWIN_SAME(xor_, TWIN_A.bit_xor(TWIN_B))
TWIN_SAME(xnor_, TWIN_A.bit_xor(TWIN_B).bit_not())
TWIN_SAME(add_, TWIN_A.add(TWIN_B))
TWIN_SAME(sub_, TWIN_A.sub(TWIN_B))
TWIN_SAME(mul_, TWIN_A.mul(TWIN_B))

#define TWIN_LEFT a.template cast<both, left>()
#define TWIN_RIGHT b.template cast<both, right>()
#define TWIN_BELOW(x, y) (left ? x.below_signed(y) : x.below_unsigned(y))
TWIN_SAME(eq_, value<Y>::of(TWIN_LEFT.equals(TWIN_RIGHT)))
TWIN_SAME(ne_, value<Y>::of(!TWIN_LEFT.equals(TWIN_RIGHT)))
TWIN_SAME(eqx_, value<Y>::of(TWIN_LEFT.equals(TWIN_RIGHT)))
TWIN_SAME(nex_, value<Y>::of(!TWIN_LEFT.equals(TWIN_RIGHT)))
TWIN_SAME(lt_, value<Y>::of(TWIN_BELOW(TWIN_LEFT, TWIN_RIGHT)))
TWIN_SAME(le_, value<Y>::of(!TWIN_BELOW(TWIN_RIGHT, TWIN_LEFT)))
TWIN_SAME(gt_, value<Y>::of(TWIN_BELOW(TWIN_RIGHT, TWIN_LEFT)))
TWIN_SAME(ge_, value<Y>::of(!TWIN_BELOW(TWIN_LEFT, TWIN_RIGHT)))

TWIN_TWO(logic_and, false, false, value<Y>::of(!a.is_zero() && !b.is_zero()))
TWIN_TWO(logic_or, false, false, value<Y>::of(!a.is_zero() || !b.is_zero()))

// Shifts to the left in the width of the result, to the right in the wider of operand and result.
#define TWIN_SHIFTS(suffix, left_signed) \
	TWIN_TWO(shl_##suffix, left_signed, false, TWIN_A.shl(b)) \
	TWIN_TWO(sshl_##suffix, left_signed, false, TWIN_A.shl(b)) \
	TWIN_TWO(shr_##suffix, left_signed, false, (a.template cast<wide, left>().template shr<false>(b).template zcast<Y>())) \
	TWIN_TWO(sshr_##suffix, left_signed, false, (a.template cast<wide, left>().template shr<left>(b).template zcast<Y>())) \
	TWIN_TWO(shift_##suffix, left_signed, false, (shr_##suffix<Y>(a, b))) \
	TWIN_TWO(shiftx_##suffix, left_signed, false, (shr_##suffix<Y>(a, b)))
TWIN_SHIFTS(uu, false)
TWIN_SHIFTS(su, true)

// A memory's word for an address, if it has one.
struct place {
	bool valid;
	size_t index;
};

template<size_t W> TWIN_INLINE place memory_index(const value<W> &address, size_t offset, size_t depth) {
	const u64 at = address.low();
	bool valid = at >= offset && at < offset + depth;
	for (size_t n = 1; n < value<W>::words; n++)
		valid &= address.data[n] == 0;
	return {valid, size_t(at - offset)};
}

} // namespace twin
