/* The product of two matrices by one thread: oneDNN's, or where B may lie in a cache one that reads both where they are, if
   there are registers enough: with 16 oneDNN's is as fast.

   A tile of C, some rows by two vectors, stays in registers while its sum over some of k is taken. */

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

#if REGISTERS == 32

enum { DEEP = 1 << 8, BROAD = 1 << 8 };
/* how much of k a sum is taken over at once; columns of B that are read by all rows of A before others are */

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
  for (int64_t at = 0; at < k; at++, b += b_apart) {
    Lanes given[SIDES];
    UNROLLED for (int l = 0; l < sides; l++) given[l] = *(const Lanes *)(b + l * last);
    UNROLLED for (int r = 0; r < rows; r++) UNROLLED for (int l = 0; l < sides; l++)
      sums[r][l] += given[l] * from[r / 3][r % 3 * along_m];
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
    tile_of(a.at, a.apart, 1, b, b_apart, k, c, apart, last, added, r, l); \
    break; \
  case r * 4 + l * 2 + 1: \
    tile_of(a.at, 1, a.apart, b, b_apart, k, c, apart, last, added, r, l); \
    break;
#define TILES(r) TILE(r, 1) TILE(r, 2)
  switch (rows * 4 + (columns > LANES ? 4 : 2) + a.turned) { UP_TO_TALL(TILES) }
#undef TILES
#undef TILE
}

/* Some columns of B, given as the transpose from the first of them on: deep rows, so many floats apart as a tile is broad.
   end: of what may be read. */
ALONE void pack(const float *b, int64_t apart, const float *end, int64_t deep, int64_t columns, float *to) {
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

/* How many columns come next: whole vectors, as long as no less than a vector is left. */
static int64_t next_columns(int64_t left, int64_t limit) {
  return left > limit && left < limit + LANES ? limit - LANES : least(left, limit);
}

static void in_tiles(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, bool added, float *c, int64_t apart) {
  _Alignas(BYTES) float packed[DEEP * BOTH];
  int64_t broad, deep, rows, columns;
  const float *end = b.at + (n - 1) * b.apart + k;
  for (int64_t start = 0; start < n; start += broad) {
    broad = next_columns(n - start, b.turned ? BOTH : BROAD);
    for (int64_t p = 0; p < k; p += deep) {
      deep = next_part(k - p, DEEP);
      if (b.turned) pack(b.at + start * b.apart + p, b.apart, end, deep, broad, packed);
      for (int64_t i = 0; i < m; i += rows) {
        rows = next_part(m - i, TALL);
        Matrix from = {a.at + (a.turned ? p * a.apart + i : i * a.apart + p), a.apart, a.turned};
        for (int64_t j = start; j < start + broad; j += columns) {
          columns = next_columns(start + broad - j, BOTH);
          const float *given = b.turned ? packed : b.at + p * b.apart + j;
          tile(from, given, b.turned ? BOTH : b.apart, deep, c + i * apart + j, apart, columns, added || p > 0, rows);
        }
      }
    }
  }
}

#endif

int chainrule_multiply(bool near, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, bool added, float *c, int64_t apart) {
#if REGISTERS == 32
  if (near && n >= LANES) {
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
