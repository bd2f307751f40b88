/* Convolutions of images whose examples lie last: (h, w, channels, examples), where they are what is computed side by side.

   y[i, j, o] = sum over u, v, c of x[s i + d u - p, s j + d v - p, c] k[u, v, c, o], for all examples at once; s the stride,
   d the dilation, p the padding before; what lies outside of the image is left out. And what k receives,
   dk[u, v, c, o] = sum over i, j and the examples of x[s i + d u - p, s j + d v - p, c] dy[i, j, o].

   A tile of the result stays in registers while its sum is taken: in y some outputs by the examples of a block, in dk
   some taps, places (v, c) of a row of the kernel, by some outputs, each as many sums as a vector is long. */

#include "native.h"

/* BYTES of a vector, and how many sums a tile has at most, as the registers allow. VECTORS: of examples in a block, by OUTS
   outputs; by MORE_OUTS where there are half as many. TAPS: by OUTS outputs. */
#if defined(__AVX512F__)
enum { BYTES = 64, VECTORS = 4, TAPS = 4, OUTS = 6, MORE_OUTS = 12 };
#define UP_TO_MOST(of) of(1) of(2) of(3) of(4)
#define NARROW_TILES TILE(MORE_OUTS, 1) TILE(MORE_OUTS, 2)
#elif defined(__aarch64__)
enum { BYTES = 16, VECTORS = 4, TAPS = 4, OUTS = 6, MORE_OUTS = OUTS };
#define UP_TO_MOST(of) of(1) of(2) of(3) of(4)
#define NARROW_TILES
#elif defined(__AVX__) /* half as many registers */
enum { BYTES = 32, VECTORS = 2, TAPS = 2, OUTS = 6, MORE_OUTS = OUTS };
#define UP_TO_MOST(of) of(1) of(2)
#define NARROW_TILES
#else
#error "no vectors that are worth it: XLA does it"
#endif

typedef float Lanes __attribute__((vector_size(BYTES), aligned(4), may_alias));

enum { LANES = BYTES / sizeof(float), WIDTH = VECTORS * LANES, PLACES = 16, PACKED = 1 << 10, FEW_ENTRIES = 1 << 13 };
/* of a vector; most examples of a block; windows that are taken one after another; of how many windows and examples dy is
   packed, for each output; entries of a kernel that are worth a part of packing it */

#ifdef __clang__
#define TOGETHER static inline __attribute__((always_inline, min_vector_width(8 * BYTES)))
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define TOGETHER static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* A vector that is used more than once: gcc would rather read it anew each time. */
#ifdef __aarch64__
#define IN_A_REGISTER(vector) __asm__("" : "+w"(vector))
#else
#define IN_A_REGISTER(vector) __asm__("" : "+v"(vector))
#endif

/* A block of examples, from start: whole vectors. The first `known` of them are in the block before too. */
typedef struct {
  int64_t start, width, known;
} Block;

static int64_t blocks_of(int64_t examples) {
  int64_t left = examples % WIDTH;
  return examples / WIDTH + (left >= LANES) + (left % LANES > 0);
}

/* After those of the greatest width come the whole vectors that are left, and at last the rest, made a whole vector. */
static Block block_at(int64_t number, int64_t examples) {
  int64_t start = number * WIDTH, left = examples - start, width = least(left / LANES * LANES, WIDTH);
  if (width > 0) return (Block){start, width, 0};
  return (Block){examples - LANES, LANES, LANES - examples % LANES};
}

/* How many of what is left make the next of the fewest parts, none of them larger than the limit. */
static int64_t next_part(int64_t left, int64_t limit) {
  return left > limit * limit ? limit : parts_of(left, parts_of(left, limit));
}

/* The places of window i that lie in the image: from first, before end. */
static void places_of(const Window *w, int64_t i, int64_t *first, int64_t *end) {
  int64_t start = i * w->stride - w->before;
  *first = start < 0 ? parts_of(-start, w->dilation) : 0;
  *end = start >= w->n ? 0 : least(w->size, parts_of(w->n - start, w->dilation));
}

/* The windows whose place u lies in the image: from first, before end. */
static void windows_at(const Window *w, int64_t u, int64_t *first, int64_t *end) {
  int64_t shift = u * w->dilation - w->before;
  *first = shift < 0 ? parts_of(-shift, w->stride) : 0;
  *end = shift >= w->n ? 0 : least(w->count, parts_of(w->n - shift, w->stride));
}

static int64_t place(const Window *w, int64_t i, int64_t u) { return i * w->stride + u * w->dilation - w->before; }

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
        switch (outs * 8 + block.width / LANES) { UP_TO_MOST(TILES) NARROW_TILES }
#undef TILES
#undef TILE
  }
  return 0;
}

/* Where a tap reads: how far from the first place of its row, and which windows of a row. */
typedef struct {
  int64_t shift, first, end;
} Tap;

/* dk, tile by tile: outputs, rows of the kernel, taps. A part is so many tiles. sums: of all tiles, or NULL where the
   windows of all examples make one piece. */
typedef struct {
  Window rows, columns;
  int64_t c, o, examples, tiles, length, rows_at_once, columns_at_once;
  const float *x, *dy;
  float *dk, *sums;
  const Tap *taps;
} Gradient;

/* Windows whose dy is packed: those of some rows, from j to end, and a block of examples. */
typedef struct {
  Block block;
  int64_t row, last_row, j, end, step, row_step;
  _Alignas(64) float dy[PACKED * OUTS];
} Piece;

/* What the windows of the rows from..to, in columns j..end, give to some taps of one tile. */
TOGETHER void gradient_tile(const Piece *piece, const float *image, const Tap *taps, float *room, int64_t from, int64_t to,
                            int64_t j, int64_t end, const int many, const int outs) {
  Lanes sums[TAPS][OUTS];
  UNROLLED for (int t = 0; t < many; t++) UNROLLED for (int p = 0; p < outs; p++)
    sums[t][p] = *(Lanes *)(room + (t * outs + p) * LANES);
  for (; from < to; from++) {
    const float *dy = piece->dy + ((from - piece->row) * (piece->end - piece->j) + j - piece->j) * outs * piece->block.width;
    const float *x[TAPS], *row = image + from * piece->row_step, *next = room + many * outs * LANES;
    UNROLLED for (int t = 0; t < many; t++) x[t] = row + taps[t].shift;
    for (int64_t column = j; column < end; column++, next += 2 * LANES) {
      __builtin_prefetch(next, 1), __builtin_prefetch(next + LANES, 1); /* of the tile that comes next */
      int64_t start = column * piece->step, stop = start + piece->block.width;
      for (; start < stop; start += LANES, dy += outs * LANES) {
        Lanes given[TAPS];
        UNROLLED for (int t = 0; t < many; t++) given[t] = *(const Lanes *)(x[t] + start);
        UNROLLED for (int p = 0; p < outs; p++) {
          Lanes received = *(const Lanes *)(dy + p * LANES);
          IN_A_REGISTER(received);
          UNROLLED for (int t = 0; t < many; t++) sums[t][p] += given[t] * received;
        }
      }
    }
  }
  UNROLLED for (int t = 0; t < many; t++) UNROLLED for (int p = 0; p < outs; p++)
    *(Lanes *)(room + (t * outs + p) * LANES) = sums[t][p];
}

static void some_windows(const Piece *piece, const float *image, const Tap *taps, float *room, int64_t from, int64_t to,
                         int64_t j, int64_t end, int64_t many, int64_t outs) {
#define TILE(m, p) \
  case m * 8 + p: \
    gradient_tile(piece, image, taps, room, from, to, j, end, m, p); \
    break;
#define TILES(m) TILE(m, 1) TILE(m, 2) TILE(m, 3) TILE(m, 4) TILE(m, 5) TILE(m, 6)
  switch (many * 8 + outs) { UP_TO_MOST(TILES) }
#undef TILES
#undef TILE
}

/* What the windows of the rows from..to give to one tile; taps at the edges have fewer windows than those beside them. */
static void add_rows(const Piece *piece, const float *image, const Tap *taps, float *room, int64_t from, int64_t to,
                     int64_t many, int64_t outs) {
  int64_t first = piece->j, last = piece->end;
  for (int64_t t = 0; t < many; t++) first = most(first, taps[t].first), last = least(last, taps[t].end);
  last = most(first, last);
  some_windows(piece, image, taps, room, from, to, first, last, many, outs);
  for (int64_t t = 0; t < many; t++, room += outs * LANES) {
    int64_t left = most(piece->j, taps[t].first), right = least(piece->end, taps[t].end);
    if (left < first) some_windows(piece, image, taps + t, room, from, to, left, least(first, right), 1, outs);
    if (right > last) some_windows(piece, image, taps + t, room, from, to, most(last, left), right, 1, outs);
  }
}

static void pack(const Gradient *whole, Piece *piece, int64_t o, int64_t outs) {
  float *room = piece->dy;
  for (int64_t i = piece->row; i < piece->last_row; i++)
    for (int64_t j = piece->j; j < piece->end; j++) {
      const float *dy = whole->dy + ((i * whole->columns.count + j) * whole->o + o) * whole->examples + piece->block.start;
      for (int64_t at = 0; at < piece->block.width; at += LANES)
        for (int64_t p = 0; p < outs; p++, room += LANES) {
          *(Lanes *)room = *(const Lanes *)(dy + p * whole->examples + at);
          if (!at) memset(room, 0, (size_t)piece->block.known * sizeof(float));
        }
    }
}

static float sum_of(const float *lanes) {
  float sum = 0;
  for (int l = 0; l < LANES; l++) sum += lanes[l];
  return sum;
}

/* What a piece, the first one or the last one or neither, gives to the tiles of a part. */
static void add_to_tiles(const Gradient *whole, Piece *piece, int64_t part, bool first, bool last) {
  int64_t all = whole->columns.size * whole->c, row = whole->columns.n * whole->c * whole->examples;
  int64_t number = 0, begin = part * whole->length, end = begin + whole->length, outs, many, from, to;
  _Alignas(64) float alone[TAPS * OUTS * LANES];
  for (int64_t o = 0; o < whole->o; o += outs) {
    outs = next_part(whole->o - o, OUTS);
    bool packed = false;
    for (int64_t u = 0; u < whole->rows.size; u++) {
      const float *image = whole->x + place(&whole->rows, 0, u) * row + piece->block.start;
      windows_at(&whole->rows, u, &from, &to);
      from = most(from, piece->row), to = least(to, piece->last_row);
      for (int64_t at = 0; at < all; at += many, number++) {
        many = next_part(all - at, TAPS);
        if (number < begin || number >= end) continue;
        if (!packed) pack(whole, piece, o, outs), packed = true;
        float *room = whole->sums ? whole->sums + number * TAPS * OUTS * LANES : alone;
        if (first) memset(room, 0, (size_t)(many * outs * LANES) * sizeof(float));
        add_rows(piece, image, whole->taps + at, room, from, to, many, outs);
        for (int64_t t = 0; last && t < many; t++)
          for (int64_t p = 0; p < outs; p++)
            whole->dk[(u * all + at + t) * whole->o + o + p] = sum_of(room + (t * outs + p) * LANES);
      }
    }
  }
}

static int gradient_part(const void *what, int64_t part) {
  const Gradient *whole = what;
  const Window *rows = &whole->rows, *columns = &whole->columns;
  int64_t blocks = blocks_of(whole->examples), unit = whole->c * whole->examples;
  Piece piece = {.step = columns->stride * unit, .row_step = rows->stride * columns->n * unit};
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t i = 0; i < rows->count; i += whole->rows_at_once)
      for (int64_t j = 0; j < columns->count; j += whole->columns_at_once) {
        piece.block = block_at(b, whole->examples);
        piece.row = i, piece.last_row = least(i + whole->rows_at_once, rows->count);
        piece.j = j, piece.end = least(j + whole->columns_at_once, columns->count);
        bool last = b + 1 == blocks && piece.last_row == rows->count && piece.end == columns->count;
        add_to_tiles(whole, &piece, part, !b && !i && !j, last);
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

/* dk (u, v, c, o) of x (h, w, c, n) and dy (i, j, o, n). */
XLA_FFI_Error *chainrule_correlate_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *x = frame->args.args[0], *dy = frame->args.args[1], *dk = frame->rets.rets[0];
  Gradient whole = {.c = x->dims[2], .o = dy->dims[2], .examples = x->dims[3], .x = x->data, .dy = dy->data, .dk = dk->data};
  numbers(frame, &whole.rows, &whole.columns);
  int64_t many = whole.columns.size * whole.c;
  whole.tiles = parts_of(whole.o, OUTS) * whole.rows.size * parts_of(many, TAPS);
  whole.length = parts_of(whole.tiles, threads(frame));
  int64_t at_once = PACKED / block_at(0, whole.examples).width, columns = whole.columns.count;
  whole.columns_at_once = next_part(columns, at_once), whole.rows_at_once = at_once / whole.columns_at_once;
  bool one = blocks_of(whole.examples) == 1 && columns == whole.columns_at_once && whole.rows.count <= whole.rows_at_once;
  whole.sums = one ? NULL : aligned_alloc(64, (size_t)(whole.tiles * TAPS * OUTS * LANES) * sizeof(float));
  Tap *taps = malloc((size_t)many * sizeof(Tap));
  XLA_FFI_Error *error = NULL;
  if ((one || whole.sums) && taps) {
    for (int64_t at = 0; at < many; at++) {
      int64_t v = at / whole.c;
      windows_at(&whole.columns, v, &taps[at].first, &taps[at].end);
      taps[at].shift = (place(&whole.columns, 0, v) * whole.c + at % whole.c) * whole.examples;
    }
    whole.taps = taps;
    error = shared(frame, gradient_part, &whole, sizeof whole, parts_of(whole.tiles, whole.length));
  } else {
    error = no_memory(frame);
  }
  free(whole.sums);
  free(taps);
  return error;
}
