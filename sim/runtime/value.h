// Numbers of a fixed width: ports, and numbers wider than a 64-bit word (emit.py uses words for narrower ones).
//
// `value<W>` is always kept reduced: bits from W up are zero.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#define TWIN_INLINE inline __attribute__((always_inline))

namespace twin {

using u64 = std::uint64_t;
using i64 = std::int64_t;
using u128 = unsigned __int128;

constexpr u64 low_mask(size_t bits) { return bits >= 64 ? ~u64(0) : (u64(1) << bits) - 1; }

// Eight bytes as one word, to be compared at once.
TWIN_INLINE u64 eight(const std::uint8_t *bytes) {
	u64 word;
	std::memcpy(&word, bytes, sizeof word);
	return word;
}

template<size_t W> struct value {
	static constexpr size_t bits = W;
	static constexpr size_t words = W <= 64 ? 1 : (W + 63) / 64;
	static constexpr u64 top_mask = low_mask(W - 64 * (words - 1));
	using word = std::conditional_t<(W <= 32), std::uint32_t, u64>;

	word data[words] = {};

	value() = default;

	// From 32-bit pieces of a constant, lowest first.
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
	TWIN_INLINE bool is_neg() const { return (data[words - 1] >> ((W - 1) % 64)) & 1; }

	TWIN_INLINE bool is_zero() const {
		u64 any = 0;
		for (size_t n = 0; n < words; n++)
			any |= data[n];
		return any == 0;
	}

	TWIN_INLINE explicit operator bool() const { return !is_zero(); }

	TWIN_INLINE void reduce() { data[words - 1] &= word(top_mask); }

	// The low 64 bits; a shorter number is sign-extended.
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

	// This number, with the bits of `other` below it.
	template<size_t V> TWIN_INLINE value<W + V> concat(const value<V> &other) const {
		auto result = other.template zcast<W + V>();
		result.template paste<W + V - 1, V>(*this);
		return result;
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

	// The bits of `other` where `mask` is 1, else those of this number.
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

	// The amount of a shift, limited to W.
	template<size_t V> TWIN_INLINE static size_t amount(const value<V> &by) {
		for (size_t n = 1; n < value<V>::words; n++)
			if (by.data[n] != 0)
				return W;
		return by.low() < W ? size_t(by.low()) : W;
	}

	// The amount of a narrow number's shift, limited to 64.
	TWIN_INLINE u64 at_most_64() const {
		for (size_t n = 1; n < words; n++)
			if (data[n] != 0)
				return 64;
		return low() < 64 ? low() : 64;
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

};

// Whether an odd number of bits is set.
template<size_t A> TWIN_INLINE bool parity(const value<A> &a) {
	u64 folded = 0;
	for (size_t n = 0; n < value<A>::words; n++)
		folded ^= a.data[n];
	return __builtin_parityll(folded);
}

} // namespace twin
