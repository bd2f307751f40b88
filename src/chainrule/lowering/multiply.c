/* The product of two matrices by one thread: oneDNN's, or by our own tiles where that is sooner.

   A tile of C, some rows by two vectors, stays in registers while its sum over some of k is taken. With 32 registers A and B
   are read where they lie. With 16 a tile is so small that B is read twice as often, so it is laid side by side first. */

#include "multiply.h"
#include "native.h"
#include "vectors.h"

typedef int (*Sgemm)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float,
                     float *, int64_t);

static Sgemm sgemm;                    /* dnnl_sgemm: matrices lie row by row */
static int (*threads_of_openmp)(void); /* omp_get_max_threads, omp_set_num_threads: of the thread that calls them */
static void (*set_threads_of_openmp)(int);

void chainrule_use(Sgemm product, int (*threads)(void), void (*set_threads)(int)) {
  sgemm = product;
  threads_of_openmp = threads;
  set_threads_of_openmp = set_threads;
}

#if REGISTERS

enum { DEEP = 1 << 8, BROAD = 1 << 8, PACKED = REGISTERS == 16, STEPS = PACKED ? 4 : 1, NEAR = 1 << 19 };
/* how much of k a sum is taken over at once; columns of B that are read by all rows of A before others are; whether those are
   laid side by side; numbers of the sum between two jumps; floats of B that may lie in a cache, half of so many where B is laid
   side by side, or a quarter where rows are no whole vectors */

/* What a number of the sum adds. Each pointer is to three rows of A, each so far from the one before it. */
TOGETHER void add(Lanes sums[TALL][SIDES], const float *const from[TALL / 3], int64_t along_m, int64_t on, const float *b,
                  int64_t last, const int rows, const int sides) {
  Lanes given[SIDES];
  UNROLLED for (int l = 0; l < sides; l++) given[l] = *(const Lanes *)(b + l * last);
  UNROLLED for (int r = 0; r < rows; r++) UNROLLED for (int l = 0; l < sides; l++)
    sums[r][l] += given[l] * from[r / 3][r % 3 * along_m + on];
  if (STEPS > 1) IN_ORDER;
}

/* a: of A so far apart along m and along k. b: of B; the last vector begins so many columns after the first. */
TOGETHER void tile_of(const float *a, int64_t along_m, int64_t along_k, const float *b, int64_t b_apart, int64_t k, float *c,
                      int64_t apart, int64_t last, bool added, const int rows, const int sides) {
  Lanes sums[TALL][SIDES];
  const float *from[TALL / 3];
  UNROLLED for (int r = 0; r < rows; r += 3) from[r / 3] = a + r * along_m;
  UNROLLED for (int r = 0; r < rows; r++) UNROLLED for (int l = 0; l < sides; l++) {
    __builtin_prefetch(c + r * apart + l * last, 1);
    sums[r][l] = (Lanes){0};
  }
  for (; k >= STEPS; k -= STEPS, b += STEPS * b_apart) {
    UNROLLED for (int s = 0; s < STEPS; s++) add(sums, from, along_m, s * along_k, b + s * b_apart, last, rows, sides);
    UNROLLED for (int r = 0; r < rows; r += 3) from[r / 3] += STEPS * along_k;
  }
  for (; k > 0; k--, b += b_apart) {
    add(sums, from, along_m, 0, b, last, rows, sides);
    UNROLLED for (int r = 0; r < rows; r += 3) from[r / 3] += along_k;
  }
  UNROLLED for (int r = 0; r < rows; r++) {
    if (added) UNROLLED for (int l = 0; l < sides; l++) sums[r][l] += *(const Lanes *)(c + r * apart + l * last);
    UNROLLED for (int l = 0; l < sides; l++) *(Lanes *)(c + r * apart + l * last) = sums[r][l];
  }
}

ALONE void tile(Matrix a, const float *b, int64_t b_apart, int64_t k, float *c, int64_t apart, int64_t columns, bool added,
                int64_t rows) {
  int64_t last = columns - LANES; /* where the last vector begins */
#define TILE(r, l) \
  case r * 4 + l * 2: \
    tile_of(a.at, a.apart, 1, b, PACKED ? BOTH : b_apart, k, c, apart, last, added, r, l); \
    break; \
  case r * 4 + l * 2 + 1: \
    tile_of(a.at, 1, PACKED ? TALL : a.apart, b, PACKED ? BOTH : b_apart, k, c, apart, last, added, r, l); \
    break;
#define TILES(r) TILE(r, 1) TILE(r, 2)
  switch (rows * 4 + (columns > LANES ? 4 : 2) + a.turned) { UP_TO_TALL(TILES) }
#undef TILES
#undef TILE
}

/* Some columns of B, given as the transpose, from the first of them on: deep rows, so many floats apart as a tile is broad.
   end: of what may be read. */
ALONE void pack_turned(const float *b, int64_t apart, const float *end, int64_t deep, int64_t columns, float *to) {
  for (int64_t l = 0; l < columns; l += LANES) {
    int64_t first = least(l, columns - LANES);
    const float *from = b + first * apart;
    for (int64_t p = 0; p < deep; p += LANES)
      if (from + (LANES - 1) * apart + p + LANES <= end) turn(from + p, LANES, apart, to + p * BOTH + first, BOTH, false);
      else
        for (int64_t at = p; at < deep; at++)
          for (int64_t q = 0; q < LANES; q++) to[at * BOTH + first + q] = from[q * apart + at];
  }
}

ALONE void pack(const float *b, int64_t apart, int64_t deep, int64_t columns, float *to) {
  int64_t last = columns - LANES;
  for (int64_t p = 0; p < deep; p++, b += apart, to += BOTH) {
    *(Lanes *)to = *(const Lanes *)b;
    *(Lanes *)(to + last) = *(const Lanes *)(b + last);
  }
}

/* Some rows of A, given as the transpose: deep times as many as a tile is tall. */
ALONE void pack_rows(const float *a, int64_t apart, int64_t deep, int64_t rows, float *to) {
  if (rows == TALL) for (int64_t p = 0; p < deep; p++, a += apart, to += TALL) memcpy(to, a, TALL * sizeof(float));
  else for (int64_t p = 0; p < deep; p++, a += apart, to += TALL) memcpy(to, a, (size_t)rows * sizeof(float));
}

/* How many columns come next: whole vectors, as long as no less than a vector is left. */
static int64_t next_columns(int64_t left, int64_t limit) {
  return left > limit && left < limit + LANES ? limit - LANES : least(left, limit);
}

static void in_tiles(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, bool added, float *c, int64_t apart) {
  static _Thread_local _Alignas(BYTES) float of_b[DEEP * (PACKED ? BROAD : BOTH)], of_a[PACKED ? DEEP * TALL : 1];
  bool packed = PACKED || b.turned;
  int64_t broad, deep, rows, columns;
  const float *end = b.at + (n - 1) * b.apart + k;
  for (int64_t start = 0; start < n; start += broad) {
    broad = next_columns(n - start, b.turned && !PACKED ? BOTH : BROAD);
    for (int64_t p = 0; p < k; p += deep) {
      deep = next_part(k - p, DEEP);
      float *to = of_b;
      for (int64_t j = start; packed && j < start + broad; j += columns, to += deep * BOTH) {
        columns = next_columns(start + broad - j, BOTH);
        if (b.turned) pack_turned(b.at + j * b.apart + p, b.apart, end, deep, columns, to);
        else pack(b.at + p * b.apart + j, b.apart, deep, columns, to);
      }
      for (int64_t i = 0; i < m; i += rows) {
        rows = next_part(m - i, TALL);
        Matrix from = {a.at + (a.turned ? p * a.apart + i : i * a.apart + p), a.apart, a.turned};
        if (PACKED && a.turned) {
          pack_rows(from.at, from.apart, deep, rows, of_a);
          from.at = of_a;
        }
        const float *given = of_b;
        for (int64_t j = start; j < start + broad; j += columns, given += deep * BOTH) {
          columns = next_columns(start + broad - j, BOTH);
          if (!packed) given = b.at + p * b.apart + j;
          tile(from, given, packed ? BOTH : b.apart, deep, c + i * apart + j, apart, columns, added || p > 0, rows);
        }
      }
    }
  }
}

#endif

bool chainrule_tiled(int64_t m, int64_t n, int64_t k, bool b_turned) {
#if REGISTERS
  if (n < LANES) return false;
  if (!PACKED) return n * k <= (n % LANES ? NEAR / 4 : NEAR);
  /* Rows of B half pages apart fall into the same places of a cache, and oneDNN lays B side by side for more rows of A only. */
  if (!b_turned && n % 512 == 0 && m <= (n == 512 ? 1280 : 640)) return true;
  return m >= 192 && n * k <= NEAR / 2;
#else
  return false;
#endif
}

int chainrule_multiply(bool tiled, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, bool added, float *c, int64_t apart) {
#if REGISTERS
  if (tiled && n >= LANES) {
    in_tiles(m, n, k, a, b, added, c, apart);
    return 0;
  }
#endif
  int before = threads_of_openmp();
  set_threads_of_openmp(1);
  char how_a = a.turned ? 'T' : 'N', how_b = b.turned ? 'T' : 'N';
  int status = sgemm(how_a, how_b, m, n, k, 1.0f, a.at, a.apart, b.at, b.apart, added ? 1.0f : 0.0f, c, apart);
  set_threads_of_openmp(before);
  return status;
}
