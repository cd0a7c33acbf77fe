// Runs a specification with random inputs until an assertion breaks.
/* DEFINES */
#include "spec.cc"

static uint64_t state;

static uint64_t draw() { // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Each input bit is high with a chance of its own, in 256ths, which changes every few hundred clocks: long stalls, floods,
// constant sizes, extreme values and noise all come about.
template <size_t width, class Port> static void put(Port &port, const unsigned *&chance) {
  uint32_t chunks[(width + 31) / 32] = {};
  for (size_t bit = 0; bit < width; bit++, chance++)
    if ((draw() & 255) < *chance)
      chunks[bit / 32] |= 1u << (bit % 32);
  for (size_t chunk = 0; chunk < (width + 31) / 32; chunk++)
    port.data[chunk] = chunks[chunk];
}

extern "C" long run(uint32_t mutant, uint64_t seed, long clocks) {
  static const unsigned chances[] = {0, 8, 128, 128, 128, 248, 256, 40};
  cxxrtl_design::p_top top;
  unsigned table[/* BITS */ + 1];
  static const bool size[] = {/* SIZES */ false};
  bool resets = false;
  long left = 0;
  state = seed;
#ifdef HAS_MUTSEL
  top.p_mutsel.data[0] = mutant;
#endif
  for (long clock = 0; clock < clocks; clock++) {
    if (left-- == 0) {
      left = 50 + draw() % 400;
      resets = draw() % 4 == 0;
      const bool calm = draw() % 4; // frames of one size follow each other
      for (size_t bit = 0; bit < /* BITS */; bit++)
        table[bit] = calm && size[bit] ? draw() % 2 * 256 : chances[draw() % 8];
    }
    const unsigned *chance = table;
/* INPUTS */
#ifdef HAS_RST
    top.p_rst.data[0] = resets && draw() % 64 == 0;
#endif
#ifdef HAS_CLK
    top.p_clk.data[0] = 0;
#endif
    top.step();
    if (top.p_trigger.template get<uint32_t>())
      return clock;
#ifdef HAS_CLK
    top.p_clk.data[0] = 1;
    top.step();
#endif
  }
  return -1;
}
