/* What the kernel of such a convolution receives: dk, in the words of examples_last.h. A tile of it, some taps, places
   (u, v, c) of the kernel, by some outputs, stays in registers while its sum over a piece is taken: some windows of some
   examples, for which dy is turned, so that outputs are what is computed side by side. */

#include "examples_last.h"

enum { TAPS = TALL, OUTPUTS = BOTH, TILE = TAPS * OUTPUTS, DEEP = 1 << 8, FEW_TILES = 32, PIECES = 16, SLICES = 8 };
/* taps and outputs of a tile, its sums; windows and examples of a piece; tiles from which on each thread makes some of
   all pieces; with fewer, pieces that are worth a slice, and how many slices at most */

typedef int64_t Pairs __attribute__((vector_size(BYTES)));

/* The windows whose place u lies in the image: from first, before end. */
static void windows_at(const Window *w, int64_t u, int64_t *first, int64_t *end) {
  int64_t shift = u * w->dilation - w->before;
  *first = shift < 0 ? parts_of(-shift, w->stride) : 0;
  *end = shift >= w->n ? 0 : least(w->count, parts_of(w->n - shift, w->stride));
}

/* Where a tap reads: how far from the first place of the image, and the windows that do not lie outside there. */
typedef struct {
  int64_t shift, top, bottom, left, right;
} Tap;

/* dk, tile by tile: outputs, taps. entries: of the kernel of an output, its taps. A part is a range of tiles in a slice of the
   pieces; sums: of all tiles in each slice. together: examples in a vector, 1, or with few outputs 2: output by output. */
typedef struct {
  Window rows, columns;
  int64_t c, o, examples, entries, tiles, ranges, slices, rows_at_once, columns_at_once, pieces, together;
  const float *x, *dy;
  float *dk, *sums;
  const Tap *taps;
} Gradient;

/* Windows in rows from top, before bottom, and columns from left, before right, for some examples; dy: theirs, outputs side by
   side. step, row_step: how far apart they read. */
typedef struct {
  int64_t start, width, top, bottom, left, right, step, row_step;
  _Alignas(64) float dy[DEEP * OUTPUTS];
} Piece;

/* Two numbers, again and again. */
TOGETHER Lanes two(const float *numbers) {
  int64_t both;
  memcpy(&both, numbers, sizeof both);
  return (Lanes)((Pairs){0} + both);
}

/* What windows of a row, so far apart, give to a tile. from: where each tap reads for the first of them. */
TOGETHER void gradient_tile(const float *const *from, const float *dy, float *room, int64_t windows, int64_t step,
                            int64_t width, const int many, const int vectors, const int examples) {
  Lanes sums[TAPS][SIDES];
  const float *x[TAPS];
  UNROLLED for (int t = 0; t < many; t++) x[t] = from[t];
  UNROLLED for (int t = 0; t < many; t++) UNROLLED for (int l = 0; l < vectors; l++)
    sums[t][l] = *(Lanes *)(room + (t * vectors + l) * LANES);
  for (int64_t window = 0; window < windows; window++)
    for (int64_t at = window * step, stop = at + width; at < stop; at += examples, dy += vectors * LANES) {
      Lanes given[SIDES];
      UNROLLED for (int l = 0; l < vectors; l++) given[l] = *(const Lanes *)(dy + l * LANES);
      UNROLLED for (int t = 0; t < many; t++) UNROLLED for (int l = 0; l < vectors; l++)
        if (examples == 1) sums[t][l] += given[l] * x[t][at];
        else sums[t][l] += given[l] * two(x[t] + at);
    }
  UNROLLED for (int t = 0; t < many; t++) UNROLLED for (int l = 0; l < vectors; l++)
    *(Lanes *)(room + (t * vectors + l) * LANES) = sums[t][l];
}

/* What the windows of a row of a piece, from left, before right, give to a tile. Where a tap reads outside of the image it
   reads zeros: then there is one window. */
ALONE void some_windows(const Piece *piece, const float *x, const Tap *taps, float *room, int64_t row, int64_t left,
                        int64_t right, int64_t many, int64_t vectors, int64_t examples) {
  static const float zeros[WIDTH];
  const float *from[TAPS];
  int64_t inside = 0, before = (row - piece->top) * (piece->right - piece->left) + left - piece->left;
  const float *dy = piece->dy + before * piece->width / examples * vectors * LANES;
  for (int64_t t = 0; t < many; t++) {
    bool is = row >= taps[t].top && row < taps[t].bottom && left >= taps[t].left && left < taps[t].right;
    from[t] = is ? x + row * piece->row_step + left * piece->step + taps[t].shift : zeros;
    inside += is;
  }
  if (!inside) return;
#define TILE(m, l, e) \
  case m * 16 + l * 4 + e: \
    gradient_tile(from, dy, room, right - left, piece->step, piece->width, m, l, e); \
    break;
#define TILES(m) TILE(m, 1, 1) TILE(m, 2, 1) TILE(m, 1, 2)
  switch (many * 16 + vectors * 4 + examples) { UP_TO_TALL(TILES) }
#undef TILES
#undef TILE
}

/* What a piece gives to a tile: of each row the windows that all taps have at once, the others one by one. */
static void add_to_tile(const Piece *piece, const float *x, const Tap *taps, float *room, int64_t many, int64_t vectors,
                        int64_t examples) {
  int64_t top = piece->top, bottom = piece->bottom, left = piece->left, right = piece->right;
  for (int64_t t = 0; t < many; t++) {
    top = most(top, taps[t].top), bottom = least(bottom, taps[t].bottom);
    left = most(left, taps[t].left), right = least(right, taps[t].right);
  }
  for (int64_t row = piece->top; row < piece->bottom; row++)
    for (int64_t at = piece->left, next; at < piece->right; at = next) {
      next = row >= top && row < bottom && at >= left && at < right ? right : at + 1;
      some_windows(piece, x, taps, room, row, at, next, many, vectors, examples);
    }
}

/* dy of a piece, from output o on, outputs side by side. */
static void pack(const Gradient *whole, Piece *piece, int64_t o, int64_t vectors) {
  int64_t n = whole->examples, side = vectors * LANES, squares = piece->width / LANES * LANES, by = whole->together;
  float *to = piece->dy;
  for (int64_t i = piece->top; i < piece->bottom; i++)
    for (int64_t j = piece->left; j < piece->right; j++, to += piece->width / by * side)
      for (int64_t p = 0; p < side; p += LANES) {
        const float *dy = whole->dy + ((i * whole->columns.count + j) * whole->o + o + p) * n + piece->start;
        int64_t outs = least(whole->o - o - p, LANES);
        for (int64_t e = 0; e < squares; e += LANES) turn(dy + e, outs, n, to + e / by * side + p, side, by == 2);
        for (int64_t e = squares; e < piece->width; e++)
          for (int64_t q = 0; q < LANES / by; q++) to[e / by * side + p + q * by + e % by] = q < outs ? dy[q * n + e] : 0;
      }
}

/* The piece of that number: columns, rows, examples. */
static void set_piece(const Gradient *whole, int64_t number, Piece *piece) {
  const Window *rows = &whole->rows, *columns = &whole->columns;
  int64_t across = parts_of(columns->count, whole->columns_at_once), down = parts_of(rows->count, whole->rows_at_once);
  piece->left = number % across * whole->columns_at_once, piece->top = number / across % down * whole->rows_at_once;
  piece->right = least(piece->left + whole->columns_at_once, columns->count);
  piece->bottom = least(piece->top + whole->rows_at_once, rows->count);
  piece->start = number / across / down * WIDTH, piece->width = least(WIDTH, whole->examples - piece->start);
}

/* How many vectors of outputs the tiles from output o on have. */
static int64_t next_vectors(const Gradient *whole, int64_t o) { return least(parts_of(whole->o - o, LANES), SIDES); }

/* Some tiles, from all pieces of a slice. */
static int gradient_part(const void *what, int64_t part) {
  const Gradient *whole = what;
  int64_t slice = part % whole->slices, range = part / whole->slices, unit = whole->c * whole->examples, vectors, many;
  int64_t begin = range * whole->tiles / whole->ranges, end = (range + 1) * whole->tiles / whole->ranges;
  float *sums = whole->sums + slice * whole->tiles * TILE;
  Piece piece = {.step = whole->columns.stride * unit, .row_step = whole->rows.stride * whole->columns.n * unit};
  memset(sums + begin * TILE, 0, (size_t)((end - begin) * TILE) * sizeof(float));
  for (int64_t at = slice * whole->pieces / whole->slices; at < (slice + 1) * whole->pieces / whole->slices; at++) {
    set_piece(whole, at, &piece);
    for (int64_t o = 0, number = 0; o < whole->o; o += vectors * LANES) {
      bool packed = false;
      vectors = next_vectors(whole, o);
      for (int64_t tap = 0; tap < whole->entries; tap += many, number++) {
        many = next_part(whole->entries - tap, TAPS);
        if (number < begin || number >= end) continue;
        if (!packed) pack(whole, &piece, o, vectors), packed = true;
        add_to_tile(&piece, whole->x + piece.start, whole->taps + tap, sums + number * TILE, many, vectors,
                    whole->together);
      }
    }
  }
  return 0;
}

/* dk, from the sums of all slices. */
static void add_slices(const Gradient *whole) {
  int64_t vectors, many, by = whole->together, slice = whole->tiles * TILE;
  _Alignas(64) float total[OUTPUTS];
  const float *sums = whole->sums;
  for (int64_t o = 0; o < whole->o; o += vectors * LANES) {
    vectors = next_vectors(whole, o);
    for (int64_t tap = 0; tap < whole->entries; tap += many, sums += TILE) {
      many = next_part(whole->entries - tap, TAPS);
      for (int64_t t = 0; t < many; t++) {
        for (int64_t p = 0; p < vectors * LANES; p += LANES) {
          Lanes sum = {0};
          for (int64_t at = 0; at < whole->slices; at++) sum += *(const Lanes *)(sums + at * slice + t * vectors * LANES + p);
          *(Lanes *)(total + p) = sum;
        }
        for (int64_t p = 0; p < least(whole->o - o, vectors * LANES / by); p++)
          whole->dk[(tap + t) * whole->o + o + p] = by == 2 ? total[2 * p] + total[2 * p + 1] : total[p];
      }
    }
  }
}

/* Two for some pieces, and twice as many for twice as many. */
static int64_t slices_of(int64_t pieces) {
  int64_t slices = pieces > 1 ? 2 : 1;
  while (slices < SLICES && pieces >= slices * PIECES) slices *= 2;
  return slices;
}

static void set_taps(const Gradient *whole, Tap *taps) {
  const Window *rows = &whole->rows, *columns = &whole->columns;
  for (int64_t at = 0; at < whole->entries; at++) {
    int64_t u = at / whole->c / columns->size, v = at / whole->c % columns->size;
    int64_t from = place(rows, 0, u) * columns->n + place(columns, 0, v);
    taps[at].shift = (from * whole->c + at % whole->c) * whole->examples;
    windows_at(rows, u, &taps[at].top, &taps[at].bottom);
    windows_at(columns, v, &taps[at].left, &taps[at].right);
  }
}

/* dk (u, v, c, o) of x (h, w, c, n) and dy (i, j, o, n). */
XLA_FFI_Error *chainrule_correlate_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *x = frame->args.args[0], *dy = frame->args.args[1], *dk = frame->rets.rets[0];
  Gradient whole = {.c = x->dims[2], .o = dy->dims[2], .examples = x->dims[3], .x = x->data, .dy = dy->data, .dk = dk->data};
  numbers(frame, &whole.rows, &whole.columns);
  whole.entries = whole.rows.size * whole.columns.size * whole.c;
  whole.tiles = parts_of(whole.o, OUTPUTS) * parts_of(whole.entries, TAPS);
  whole.together = whole.o <= LANES / 2 && whole.examples % 2 == 0 ? 2 : 1;
  int64_t at_once = DEEP * (whole.o > LANES ? 1 : 2 * whole.together) / least(WIDTH, whole.examples);
  whole.columns_at_once = next_part(whole.columns.count, at_once), whole.rows_at_once = at_once / whole.columns_at_once;
  whole.pieces = parts_of(whole.columns.count, whole.columns_at_once) * parts_of(whole.rows.count, whole.rows_at_once);
  whole.pieces *= parts_of(whole.examples, WIDTH);
  whole.slices = whole.tiles < FEW_TILES ? slices_of(whole.pieces) : 1;
  whole.ranges = whole.slices > 1 ? 1 : least(threads(frame), whole.tiles);
  whole.sums = aligned_alloc(64, (size_t)(whole.slices * whole.tiles * TILE) * sizeof(float));
  Tap *taps = malloc((size_t)whole.entries * sizeof(Tap));
  XLA_FFI_Error *error = NULL;
  if (whole.sums && taps) {
    set_taps(&whole, taps);
    whole.taps = taps;
    error = shared(frame, gradient_part, &whole, sizeof whole, whole.slices * whole.ranges);
    if (!error) add_slices(&whole);
  } else {
    error = no_memory(frame);
  }
  free(whole.sums);
  free(taps);
  return error;
}
