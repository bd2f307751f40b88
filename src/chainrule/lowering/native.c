/* Products of two matrices, convolutions on images of a few places as such products, and rows of an array. */

#include "multiply.h"
#include "native.h"

enum { VECTOR = 16, LEAST = 1 << 16, MUCH = 1 << 20, FEW = 1 << 14, SOME = 4, SIDE = 8 };
/* floats side by side; multiplications that are worth a part of a product, and a late part; floats that are worth a part of a
   copy; windows of a tap that are not worth swapping a kernel; of a block that is swapped at once */

/* C (m, n) = A B, in so many parts of its rows, or where it is wide of its columns: each reads the smaller of A and B in
   whole. uneven: late parts are small. */
typedef struct {
  int64_t m, n, k, parts;
  Matrix a, b;
  float *c;
  bool wide, uneven, tiled;
} Product;

/* Rows of an array of n, in so many parts. line: its floats but for some at either end, of which so many were skipped at the
   first; ends: so few of its first and last rows, that all others are whole in the line. where: which rows. */
typedef struct {
  int64_t m, n, width, few, skipped, parts;
  const float *line, *ends;
  const int32_t *where;
  float *rows;
} Rows;

/* How many parts a side has, one for each thread. enough: the most that are worth it. */
static int64_t parts_for(const XLA_FFI_CallFrame *frame, int64_t side, int64_t enough) {
  return most(least(least(threads(frame), enough), parts_of(side, VECTOR)), 1);
}

/* Where a part of a side begins: at a whole vector, so that all are about as long. */
static int64_t start_of(int64_t part, int64_t parts, int64_t side) {
  return least(part * parts_of(side, VECTOR) / parts * VECTOR, side);
}

/* The same of uneven parts: a third of them, one for each thread, make three quarters of the side. A thread that comes late or
   is slowed down makes fewer of the others. */
static int64_t uneven_start_of(int64_t part, int64_t parts, int64_t side) {
  int64_t firsts = parts / 3, early = start_of(3, 4, side);
  if (part <= firsts) return start_of(part, firsts, early);
  return early + start_of(part - firsts, parts - firsts, side - early);
}

/* A matrix from row or column `first` on: what that is in memory if it is given as the transpose, or not. */
static Matrix from_row(Matrix a, int64_t first) {
  a.at += a.turned ? first : first * a.apart;
  return a;
}

static Matrix from_column(Matrix a, int64_t first) {
  a.at += a.turned ? first * a.apart : first;
  return a;
}

static int product_part(const void *what, int64_t at) {
  const Product *whole = what;
  int64_t (*start)(int64_t, int64_t, int64_t) = whole->uneven ? uneven_start_of : start_of;
  int64_t side = whole->wide ? whole->n : whole->m, first = start(at, whole->parts, side);
  int64_t length = start(at + 1, whole->parts, side) - first, n = whole->n;
  bool tiled = whole->tiled;
  if (whole->wide) {
    Matrix b = from_column(whole->b, first);
    return chainrule_multiply(tiled, whole->m, length, whole->k, whole->a, b, false, whole->c + first, n);
  }
  Matrix a = from_row(whole->a, first);
  return chainrule_multiply(tiled, length, n, whole->k, a, whole->b, false, whole->c + first * n, n);
}

/* A convolution of images (n, h, w, channels) as products, one for each place of the result and each tap, an entry (u, v) of
   the kernel, that reads inside of the image: nothing is laid side by side first, and what lies outside costs nothing. In
   parts of so many channels of the result.

   input: dx from dy instead of y from x. turned: by 180°, the kernel. c, o: channels of what is read, x or dy, and of what is
   made. other: the kernel, (u, v, c, o), or swapped (u, v, o, c). For what the kernel receives: x is read, other is dy. */
typedef struct {
  Window rows, columns;
  bool input, turned, swapped;
  int64_t n, c, o, parts;
  const float *read, *other;
  float *made;
} Taps;

/* Where place i of the result reads along an axis by tap t of the kernel as it lies; -1 where that is outside. */
static int64_t read_at(const Window *w, bool input, bool turned, int64_t i, int64_t t) {
  int64_t shift = (turned ? w->size - 1 - t : t) * w->dilation - w->before;
  int64_t at = input ? i - shift : i * w->stride + shift;
  if (at < 0 || (input && at % w->stride)) return -1;
  if (input) at /= w->stride;
  return at < (input ? w->count : w->n) ? at : -1;
}

static int taps_part(const void *what, int64_t part) {
  const Taps *whole = what;
  const Window *rows = &whole->rows, *columns = &whole->columns;
  bool input = whole->input, turned = whole->turned, swapped = whole->swapped;
  int64_t height = input ? rows->n : rows->count, width = input ? columns->n : columns->count; /* of what is made */
  int64_t row = (input ? columns->count : columns->n) * whole->c, image = (input ? rows->count : rows->n) * row;
  int64_t c = whole->c, o = whole->o, first = start_of(part, whole->parts, o), many;
  int64_t length = start_of(part + 1, whole->parts, o) - first;
  for (int64_t place = 0; place < height * width; place++) {
    int64_t i = place / width, j = place % width;
    float *made = whole->made + place * o + first;
    bool added = false;
    for (int64_t u = 0; u < rows->size; u++) {
      int64_t a = read_at(rows, input, turned, i, u);
      for (int64_t v = 0; a >= 0 && v < columns->size; v += many) {
        int64_t b = read_at(columns, input, turned, j, v);
        many = 1; /* taps that lie one after another, as what they read does */
        if (b < 0) continue;
        while (!swapped && v + many < columns->size && read_at(columns, input, turned, j, v + many) == b + many) many++;
        const float *kernel = whole->other + (u * columns->size + v) * c * o + (swapped ? first * c : first);
        Matrix x = {whole->read + a * row + b * c, image, false}, k = {kernel, swapped ? c : o, swapped};
        int status = chainrule_multiply(false, whole->n, length, many * c, x, k, added, made, height * width * o);
        if (status) return status;
        added = true;
      }
    }
    for (int64_t at = 0; !added && at < whole->n; at++)
      memset(made + at * height * width * o, 0, (size_t)length * sizeof(float));
  }
  return 0;
}

/* The channels of a kernel the other way round; a tap is a part. */
typedef struct {
  int64_t c, o;
  const float *from;
  float *to;
} Swap;

static int swap_part(const void *what, int64_t tap) {
  const Swap *whole = what;
  int64_t c = whole->c, o = whole->o;
  const float *from = whole->from + tap * c * o;
  float *to = whole->to + tap * c * o;
  for (int64_t t = 0; t < o; t += SIDE)
    for (int64_t s = 0; s < c; s += SIDE)
      for (int64_t j = t; j < least(t + SIDE, o); j++)
        for (int64_t i = s; i < least(s + SIDE, c); i++) to[i * o + j] = from[j * c + i];
  return 0;
}

/* What the kernel receives, in parts of so many channels of x. */
static int taps_gradient_part(const void *what, int64_t part) {
  const Taps *whole = what;
  const Window *rows = &whole->rows, *columns = &whole->columns;
  int64_t c = whole->c, o = whole->o, first = start_of(part, whole->parts, c);
  int64_t length = start_of(part + 1, whole->parts, c) - first;
  int64_t image = rows->n * columns->n * c, given = rows->count * columns->count * o;
  for (int64_t tap = 0; tap < rows->size * columns->size; tap++) {
    float *dk = whole->made + (tap * c + first) * o;
    bool added = false;
    for (int64_t place = 0; place < rows->count * columns->count; place++) {
      int64_t a = read_at(rows, false, whole->turned, place / columns->count, tap / columns->size);
      int64_t b = read_at(columns, false, whole->turned, place % columns->count, tap % columns->size);
      if (a < 0 || b < 0) continue;
      Matrix x = {whole->read + (a * columns->n + b) * c + first, image, true}, dy = {whole->other + place * o, given, false};
      int status = chainrule_multiply(false, length, o, whole->n, x, dy, added, dk, o);
      if (status) return status;
      added = true;
    }
    if (!added) memset(dk, 0, (size_t)(length * o) * sizeof(float));
  }
  return 0;
}

static const float *row_of(const Rows *whole, int64_t at) {
  int64_t n = whole->n, few = whole->few, row = least(most(whole->where[at], 0), n - 1);
  if (row < few) return whole->ends + row * whole->width;
  if (row >= n - few) return whole->ends + (row - n + 2 * few) * whole->width;
  return whole->line + row * whole->width - whole->skipped;
}

static int rows_part(const void *what, int64_t at) {
  const Rows *whole = what;
  int64_t end = start_of(at + 1, whole->parts, whole->m);
  for (int64_t row = start_of(at, whole->parts, whole->m); row < end; row++)
    memcpy(whole->rows + row * whole->width, row_of(whole, row), (size_t)whole->width * sizeof(float));
  return 0;
}

static XLA_FFI_Error *product(const XLA_FFI_CallFrame *frame, bool a_turned, bool b_turned) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *a = frame->args.args[0], *b = frame->args.args[1], *c = frame->rets.rets[0];
  Product whole = {.m = c->dims[0], .n = c->dims[1], .k = a->dims[a_turned ? 0 : 1], .c = c->data};
  whole.a = (Matrix){a->data, a->dims[1], a_turned}, whole.b = (Matrix){b->data, b->dims[1], b_turned};
  whole.wide = whole.n > whole.m, whole.tiled = chainrule_tiled(whole.m, whole.n, whole.k, b_turned);
  int64_t side = whole.wide ? whole.n : whole.m, work = whole.m * whole.n * whole.k;
  whole.parts = parts_for(frame, side, work / LEAST);
  whole.uneven = whole.tiled && whole.parts > 1 && least(side / VECTOR, work / MUCH) >= 8 * whole.parts;
  if (whole.uneven) whole.parts *= 3;
  return shared(frame, product_part, &whole, sizeof whole, whole.parts);
}

XLA_FFI_Error *chainrule_product_nn(XLA_FFI_CallFrame *frame) { return product(frame, false, false); }
XLA_FFI_Error *chainrule_product_nt(XLA_FFI_CallFrame *frame) { return product(frame, false, true); }
XLA_FFI_Error *chainrule_product_tn(XLA_FFI_CallFrame *frame) { return product(frame, true, false); }
XLA_FFI_Error *chainrule_product_tt(XLA_FFI_CallFrame *frame) { return product(frame, true, true); }

/* y (n, i, j, o) of x (n, h, w, c) and a kernel, or dx of dy. A swapped kernel, which is slow to read, is swapped back first
   where each tap has some windows. */
XLA_FFI_Error *chainrule_tap_by_tap(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *read = frame->args.args[0], *kernel = frame->args.args[1], *made = frame->rets.rets[0];
  Taps whole = {.n = read->dims[0], .c = read->dims[3], .o = made->dims[3]};
  whole.read = read->data, whole.other = kernel->data, whole.made = made->data;
  const int64_t *given = numbers(frame, &whole.rows, &whole.columns);
  whole.input = given[0], whole.turned = given[1], whole.swapped = given[2];
  whole.parts = parts_for(frame, whole.o, whole.o);
  int64_t taps = whole.rows.size * whole.columns.size, windows = whole.rows.count * whole.columns.count;
  float *room = NULL;
  XLA_FFI_Error *error = NULL;
  if (whole.swapped && windows > SOME) {
    room = malloc((size_t)(taps * whole.c * whole.o) * sizeof(float));
    if (!room) return no_memory(frame);
    Swap swap = {.c = whole.c, .o = whole.o, .from = whole.other, .to = room};
    error = shared(frame, swap_part, &swap, sizeof swap, taps);
    whole.other = room, whole.swapped = false;
  }
  if (!error) error = shared(frame, taps_part, &whole, sizeof whole, whole.parts);
  free(room);
  return error;
}

/* What the kernel receives, (u, v, c, o), from x (n, h, w, c) and dy (n, i, j, o). */
XLA_FFI_Error *chainrule_tap_by_tap_kernel_gradient(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *x = frame->args.args[0], *dy = frame->args.args[1], *dk = frame->rets.rets[0];
  Taps whole = {.n = x->dims[0], .c = x->dims[3], .o = dy->dims[3]};
  whole.read = x->data, whole.other = dy->data, whole.made = dk->data;
  whole.turned = numbers(frame, &whole.rows, &whole.columns)[0];
  whole.parts = parts_for(frame, whole.c, whole.c);
  return shared(frame, taps_gradient_part, &whole, sizeof whole, whole.parts);
}

/* Of the line, the ends, how many floats were skipped, which rows; told n. */
XLA_FFI_Error *chainrule_rows(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *line = frame->args.args[0], *ends = frame->args.args[1], *skipped = frame->args.args[2],
                       *where = frame->args.args[3], *rows = frame->rets.rets[0];
  Rows whole = {.line = line->data, .ends = ends->data, .where = where->data, .rows = rows->data, .n = *told(frame)};
  whole.m = rows->dims[0], whole.width = rows->dims[1], whole.few = ends->dims[0] / 2;
  whole.skipped = *(const uint32_t *)skipped->data;
  whole.parts = parts_for(frame, whole.m, whole.m * whole.width / FEW);
  return shared(frame, rows_part, &whole, sizeof whole, whole.parts);
}
