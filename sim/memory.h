// A memory whose writes take effect at the end of the clock, as CXXRTL's do: a read in the same clock gives the old word.

#pragma once

#include "value.h"

namespace twin {

template<size_t W, size_t Depth, size_t Ports> struct memory {
	value<W> data[Depth] = {};

	TWIN_INLINE const value<W> &operator[](size_t index) const { return data[index]; }

	// Of two writes to one bit in one clock, the one of higher priority wins.
	TWIN_INLINE void update(size_t index, const value<W> &word, const value<W> &mask, int priority) {
		if (mask.is_zero())
			return;
		size_t at = count++;
		for (; at > 0 && queue[at - 1].priority > priority; at--)
			queue[at] = queue[at - 1];
		queue[at].index = index;
		queue[at].word = word;
		queue[at].mask = mask;
		queue[at].priority = priority;
	}

	TWIN_INLINE void commit() {
		for (size_t n = 0; n < count; n++)
			data[queue[n].index] = data[queue[n].index].update(queue[n].word, queue[n].mask);
		count = 0;
	}

private:
	struct entry {
		size_t index = 0;
		value<W> word, mask;
		int priority = 0;
	};

	entry queue[Ports == 0 ? 1 : Ports];
	size_t count = 0;
};

} // namespace twin
