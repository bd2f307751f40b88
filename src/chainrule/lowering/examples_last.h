/* Convolutions of images whose examples lie last: (h, w, channels, examples). What those two sources share: the vectors that
   this processor has, and windows.

   y[i, j, o] = sum over u, v, c of x[s i + d u - p, s j + d v - p, c] k[u, v, c, o], for all examples at once; s the stride,
   d the dilation, p the padding before; what lies outside of the image is left out. And what k receives,
   dk[u, v, c, o] = sum over i, j and the examples of x[s i + d u - p, s j + d v - p, c] dy[i, j, o]. */

#include "native.h"

/* BYTES of a vector, and how many vectors of sums a tile has at most, as the registers allow. Of y, VECTORS of examples by OUTS
   outputs, or by MORE_OUTS where there are half as many; of dk, TAPS by two of outputs. */
#if defined(__AVX512F__)
enum { BYTES = 64, VECTORS = 4, OUTS = 6, MORE_OUTS = 12, TAPS = 12 };
#define UP_TO_VECTORS(of) of(1) of(2) of(3) of(4)
#define NARROW_TILES TILE(MORE_OUTS, 1) TILE(MORE_OUTS, 2)
#define UP_TO_TAPS(of) UP_TO_SIX(of) of(7) of(8) of(9) of(10) of(11) of(12)
#define FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define LAST_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__aarch64__)
enum { BYTES = 16, VECTORS = 4, OUTS = 6, MORE_OUTS = OUTS, TAPS = 12 };
#define UP_TO_VECTORS(of) of(1) of(2) of(3) of(4)
#define NARROW_TILES
#define UP_TO_TAPS(of) UP_TO_SIX(of) of(7) of(8) of(9) of(10) of(11) of(12)
#define FIRST_HALVES 0, 4, 1, 5
#define LAST_HALVES 2, 6, 3, 7
#elif defined(__AVX__) /* half as many registers */
enum { BYTES = 32, VECTORS = 2, OUTS = 6, MORE_OUTS = OUTS, TAPS = 6 };
#define UP_TO_VECTORS(of) of(1) of(2)
#define NARROW_TILES
#define UP_TO_TAPS UP_TO_SIX
#define FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define LAST_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#error "no vectors that are worth it: XLA does it"
#endif

typedef float Lanes __attribute__((vector_size(BYTES), aligned(4), may_alias));

enum { LANES = BYTES / sizeof(float), WIDTH = VECTORS * LANES }; /* of a vector; most examples of a block */

#ifdef __clang__
#define TOGETHER static inline __attribute__((always_inline, min_vector_width(8 * BYTES)))
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define TOGETHER static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* How many of what is left make the next of the fewest parts, none of them larger than the limit. */
static int64_t next_part(int64_t left, int64_t limit) {
  return left > limit * limit ? limit : parts_of(left, parts_of(left, limit));
}

static int64_t place(const Window *w, int64_t i, int64_t u) { return i * w->stride + u * w->dilation - w->before; }
