/* The vectors that this processor has, and what is computed with them. */

#include <stdbool.h>
#include <stdint.h>

/* BYTES of a vector; how many REGISTERS hold one, 0 where there are none that are worth it; TALL: rows, of two vectors each,
   of a tile of sums that stays in them. */
#if defined(__AVX512F__)
enum { BYTES = 64, TALL = 12 };
#define REGISTERS 32
#define FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define LAST_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__aarch64__)
enum { BYTES = 16, TALL = 12 };
#define REGISTERS 32
#define FIRST_HALVES 0, 4, 1, 5
#define LAST_HALVES 2, 6, 3, 7
#elif defined(__AVX__)
enum { BYTES = 32, TALL = 6 };
#define REGISTERS 16
#define FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define LAST_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define REGISTERS 0
#endif

#define UP_TO_SIX(of) of(1) of(2) of(3) of(4) of(5) of(6)
#if REGISTERS == 32
#define UP_TO_TALL(of) UP_TO_SIX(of) of(7) of(8) of(9) of(10) of(11) of(12)
#else
#define UP_TO_TALL UP_TO_SIX
#endif

#if REGISTERS

typedef float Lanes __attribute__((vector_size(BYTES), aligned(4), may_alias));
typedef int32_t Places __attribute__((vector_size(BYTES)));

enum { LANES = BYTES / sizeof(float), SIDES = 2, BOTH = SIDES * LANES }; /* of a vector; vectors of a row of such a tile */

#define IN_ORDER __asm__ volatile("" ::: "memory") /* nothing is read sooner: it would take a register */
#define ALONE static __attribute__((noinline)) /* its registers are its own */
#ifdef __clang__
#define TOGETHER static inline __attribute__((always_inline, min_vector_width(8 * BYTES)))
#define UNROLLED _Pragma("clang loop unroll(full)")
#define MIXED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define TOGETHER static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 16")
#define MIXED(a, b, ...) __builtin_shuffle(a, b, (Places){__VA_ARGS__})
#endif

/* A square of numbers turned: rows lie so far apart, those that are not there are zeros; columns, or two of them number by
   number, are written apart. */
TOGETHER void turn(const float *from, int64_t rows, int64_t step, float *to, int64_t apart, bool by_two) {
  Lanes square[LANES], mixed[LANES];
  UNROLLED for (int r = 0; r < LANES; r++) square[r] = r < rows ? *(const Lanes *)(from + r * step) : (Lanes){0};
  UNROLLED for (int round = 1; round < LANES; round *= 2) {
    UNROLLED for (int r = 0; r < LANES / 2; r++) {
      mixed[2 * r] = MIXED(square[r], square[r + LANES / 2], FIRST_HALVES);
      mixed[2 * r + 1] = MIXED(square[r], square[r + LANES / 2], LAST_HALVES);
    }
    UNROLLED for (int r = 0; r < LANES; r++) square[r] = mixed[r];
  }
  if (by_two) UNROLLED for (int r = 0; r < LANES / 2; r++)
    *(Lanes *)(to + r * apart) = MIXED(square[2 * r], square[2 * r + 1], FIRST_HALVES);
  else UNROLLED for (int r = 0; r < LANES; r++) *(Lanes *)(to + r * apart) = square[r];
}

#endif
