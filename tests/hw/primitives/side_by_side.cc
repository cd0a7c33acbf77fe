// Feeds two circuits side by side with random streams, and gives the first clock in which they differ, a payload only where it is
// offered; -1 if they never do.
#include "miter.cc"

static uint64_t state;

static uint32_t draw() { // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return uint32_t((z ^ (z >> 31)) >> 16);
}

// Half of the numbers are the least, the greatest, -1 or 0, whatever the sign.
static uint64_t number(unsigned width) {
  const uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1, top = 1ull << (width - 1);
  const uint64_t extremes[] = {top, top - 1, mask, 0};
  return draw() % 2 ? extremes[draw() % 4] : (uint64_t(draw()) << 32 | draw()) & mask;
}

#define PUT(port, value) top.port.set<uint64_t>(value)

#define DIFFER(port) (top.p_gold__##port != top.p_gate__##port)

// What an offer's payload is where there is none doesn't matter: a word read while it is written, of lines above a frame, is old
// in the one and undefined in the other.
static bool differ(cxxrtl_design::p_miter &top) {
#ifdef LOADABLE
  if (DIFFER(coefficients____ready) || DIFFER(pending))
    return true;
#endif
  return DIFFER(i____ready) || DIFFER(busy) || DIFFER(overflow) || DIFFER(errors) || DIFFER(o____valid) ||
         (top.p_gold__o____valid.get<uint32_t>() && DIFFER(o____payload));
}

extern "C" long run(uint64_t seed, long clocks, unsigned coefficients, long *results, long *sets) {
  cxxrtl_design::p_miter top;
  state = seed;
  unsigned gaps = 0, stalls = 0, sent = 0;
  bool open = false, held = false, offered = false;
  uint64_t frame = 0;
#ifdef IMAGE
  unsigned place = 0, rows = 0, columns = 0; // of the next pixel; every third frame has another size
#endif
  *results = *sets = 0;
  for (long clock = 0; clock < clocks; clock++) {
    if (clock % 500 == 0) // another mix of gaps and stalls, none at all among them
      gaps = draw() % 4 * 20, stalls = draw() % 4 * 25, frame = draw() % 2 ? 5 : 40;
    PUT(p_in__rst, clock < 2);
    if (!held) {
      held = draw() % 100 >= gaps;
      PUT(p_in__i____valid, held);
#ifdef IMAGE
      if (place == 0 && (rows == 0 || draw() % 3 == 0))
        rows = 4 + draw() % 5, columns = 3 + draw() % 8;
      PUT(p_in__rows, rows);
      PUT(p_in__columns, columns);
      PUT(p_in__i____payload, number(WIDTH) | uint64_t(place == 0) << WIDTH | uint64_t(place % columns == columns - 1) << (WIDTH + 2));
#else
      PUT(p_in__i____payload, number(WIDTH) | uint64_t(!open) << WIDTH | uint64_t(draw() % frame == 0) << (WIDTH + 1));
#endif
    }
#ifdef LOADABLE
    if (!offered && (offered = draw() % 3)) {
      PUT(p_in__coefficients____payload, number(LOADABLE) | uint64_t(sent == coefficients - 1) << LOADABLE);
    }
    PUT(p_in__coefficients____valid, offered);
#endif
    PUT(p_in__o____ready, draw() % 100 >= stalls);
    PUT(p_in__clk, 0);
    top.step();
    if (top.p_trigger.get<uint32_t>() && differ(top))
      return clock;
    if (clock >= 2) {
      if (held && top.p_gold__i____ready.get<uint32_t>()) {
        open = !(top.p_in__i____payload.get<uint64_t>() >> (WIDTH + 1) & 1);
        held = false;
#ifdef IMAGE
        place = (place + 1) % (rows * columns);
#endif
      }
#ifdef LOADABLE
      if (offered && top.p_gold__coefficients____ready.get<uint32_t>()) {
        offered = false;
        if (++sent == coefficients)
          sent = 0, ++*sets;
      }
#endif
      *results += top.p_gold__o____valid.get<uint32_t>() && top.p_in__o____ready.get<uint32_t>();
    }
    PUT(p_in__clk, 1);
    top.step();
  }
  return -1;
}
