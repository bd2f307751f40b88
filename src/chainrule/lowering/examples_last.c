/* Convolutions of images whose examples lie last, where they are what is computed side by side: y, in the words of
   examples_last.h. A tile of it, some outputs by the examples of a block, stays in registers while its sum is taken. */

#include "examples_last.h"

enum { PLACES = 16, FEW_ENTRIES = 1 << 13 };
/* windows that are taken one after another; entries of a kernel that are worth a part of packing it */

/* A block of examples, from start: whole vectors. */
typedef struct {
  int64_t start, width;
} Block;

static int64_t blocks_of(int64_t examples) {
  int64_t left = examples % WIDTH;
  return examples / WIDTH + (left >= LANES) + (left % LANES > 0);
}

/* After those of the greatest width come the whole vectors that are left, and at last the rest, made a whole vector by some
   of the block before. */
static Block block_at(int64_t number, int64_t examples) {
  int64_t start = number * WIDTH, left = examples - start, width = least(left / LANES * LANES, WIDTH);
  if (width > 0) return (Block){start, width};
  return (Block){examples - LANES, LANES};
}

/* The places of window i that lie in the image: from first, before end. */
static void places_of(const Window *w, int64_t i, int64_t *first, int64_t *end) {
  int64_t start = i * w->stride - w->before;
  *first = start < 0 ? parts_of(-start, w->dilation) : 0;
  *end = start >= w->n ? 0 : least(w->size, parts_of(w->n - start, w->dilation));
}

/* y; kernel: its entries so far apart along (u, v, c, o); k: the same packed, for each tile its outputs at (u, v, c). */
typedef struct {
  Window rows, columns;
  int64_t c, o, examples, strides[4], packers;
  const float *x, *kernel;
  float *k, *y;
} Result;

/* How many outputs the tile from output o on has. */
static int64_t next_outputs(const Result *whole, int64_t o) {
  bool more = whole->examples <= WIDTH / 2 && whole->o - o >= MORE_OUTS;
  return more ? MORE_OUTS : next_part(whole->o - o, OUTS);
}

/* Every packers-th tile of the kernel. */
static int kernel_part(const void *what, int64_t part) {
  const Result *whole = what;
  int64_t window = whole->rows.size * whole->columns.size, number = 0, outs;
  for (int64_t o = 0; o < whole->o; o += outs, number++) {
    outs = next_outputs(whole, o);
    float *to = whole->k + o * window * whole->c;
    for (int64_t at = 0; number % whole->packers == part && at < window; at++) {
      int64_t u = at / whole->columns.size, v = at % whole->columns.size;
      const float *from = whole->kernel + u * whole->strides[0] + v * whole->strides[1] + o * whole->strides[3];
      for (int64_t c = 0; c < whole->c; c++)
        for (int64_t t = 0; t < outs; t++) *to++ = from[c * whole->strides[2] + t * whole->strides[3]];
    }
  }
  return 0;
}

TOGETHER void result_tile(const Result *whole, const float *k, int64_t o, int64_t i, int64_t j, int64_t start, const int outs,
                          const int vectors) {
  const Window *rows = &whole->rows, *columns = &whole->columns;
  int64_t n = whole->examples, c = whole->c, u, us, first, vs;
  Lanes sums[MORE_OUTS][VECTORS];
  UNROLLED for (int t = 0; t < outs; t++) UNROLLED for (int l = 0; l < vectors; l++) sums[t][l] = (Lanes){0};
  places_of(rows, i, &u, &us), places_of(columns, j, &first, &vs);
  for (; u < us; u++) {
    const float *x = whole->x + (place(rows, i, u) * columns->n + place(columns, j, first)) * c * n + start;
    const float *entry = k + (u * columns->size + first) * c * outs;
    for (int64_t v = first; v < vs; v++, x += columns->dilation * c * n)
      for (int64_t at = 0; at < c; at++, entry += outs) {
        Lanes given[VECTORS];
        UNROLLED for (int l = 0; l < vectors; l++) given[l] = *(const Lanes *)(x + at * n + l * LANES);
        UNROLLED for (int t = 0; t < outs; t++) UNROLLED for (int l = 0; l < vectors; l++) sums[t][l] += given[l] * entry[t];
      }
  }
  float *y = whole->y + ((i * columns->count + j) * whole->o + o) * n + start;
  UNROLLED for (int t = 0; t < outs; t++) UNROLLED for (int l = 0; l < vectors; l++)
    *(Lanes *)(y + t * n + l * LANES) = sums[t][l];
}

/* How the windows are shared out: so many rows and columns are a part. Parts that follow each other lie below each
   other, for what they read in common. */
typedef struct {
  int64_t rows, columns, down, across;
} Parts;

static Parts parts_for(const Result *whole) {
  int64_t columns = next_part(whole->columns.count, PLACES), rows = most(PLACES / columns, 1);
  return (Parts){rows, columns, parts_of(whole->rows.count, rows), parts_of(whole->columns.count, columns)};
}

/* Some windows of a block of examples, tile by tile. */
static int result_part(const void *what, int64_t part) {
  const Result *whole = what;
  Parts parts = parts_for(whole);
  Block block = block_at(part / (parts.down * parts.across), whole->examples);
  int64_t top = part % parts.down * parts.rows, bottom = least(top + parts.rows, whole->rows.count);
  int64_t left = part / parts.down % parts.across * parts.columns, right = least(left + parts.columns, whole->columns.count);
  int64_t entries = whole->rows.size * whole->columns.size * whole->c, outs;
  for (int64_t o = 0; o < whole->o; o += outs) {
    outs = next_outputs(whole, o);
    const float *k = whole->k + o * entries;
    for (int64_t i = top; i < bottom; i++)
      for (int64_t j = left; j < right; j++)
#define TILE(t, l) \
  case t * 8 + l: \
    result_tile(whole, k, o, i, j, block.start, t, l); \
    break;
#define TILES(l) TILE(1, l) TILE(2, l) TILE(3, l) TILE(4, l) TILE(5, l) TILE(6, l)
        switch (outs * 8 + block.width / LANES) { UP_TO_VECTORS(TILES) NARROW_TILES }
#undef TILES
#undef TILE
  }
  return 0;
}

/* y of x (h, w, c, n) and a kernel that lies anyhow: given are how far apart its entries lie along (u, v, c, o), and where
   the first one is. */
XLA_FFI_Error *chainrule_correlate(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *x = frame->args.args[0], *y = frame->rets.rets[0];
  Result whole = {.c = x->dims[2], .o = y->dims[2], .examples = x->dims[3], .x = x->data, .y = y->data};
  const int64_t *given = numbers(frame, &whole.rows, &whole.columns);
  int64_t entries = whole.rows.size * whole.columns.size * whole.c * whole.o;
  whole.k = malloc((size_t)entries * sizeof(float));
  if (!whole.k) return no_memory(frame);
  whole.kernel = (const float *)((const XLA_FFI_Buffer *)frame->args.args[1])->data + given[4];
  memcpy(whole.strides, given, sizeof whole.strides);
  whole.packers = most(least(threads(frame), entries / FEW_ENTRIES), 1);
  Parts parts = parts_for(&whole);
  XLA_FFI_Error *error = shared(frame, kernel_part, &whole, sizeof whole, whole.packers);
  if (!error) error = shared(frame, result_part, &whole, sizeof whole, parts.down * parts.across * blocks_of(whole.examples));
  free(whole.k);
  return error;
}
