/* The product of two matrices by oneDNN, and rows of an array. */

#include "native.h"

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

enum { VECTOR = 16, LEAST = 1 << 16, WIDE = 4, FEW = 1 << 14 };
/* floats side by side; multiplications that are worth a part of a product; how much wider than long is wide; floats that
   are worth a part of a copy */

/* C (m, n) = A B, in parts of so many rows, or where it is wide of columns. turned: given as the transpose. */
typedef struct {
  int64_t m, n, k, length;
  const float *a, *b;
  float *c;
  bool a_turned, b_turned, wide;
} Product;

/* m pieces of n floats out of a line of k, one after another, in parts of so many; starts: where each begins. */
typedef struct {
  int64_t m, n, k, length;
  const float *line;
  const uint32_t *starts;
  float *rows;
} Rows;

/* The length of a part of a side for each thread, in whole vectors. enough: the most parts worth it. */
static int64_t length_of_parts(const XLA_FFI_CallFrame *frame, int64_t side, int64_t enough) {
  int64_t vectors = parts_of(side, VECTOR), parts = least(least(threads(frame), enough), vectors);
  return parts_of(vectors, most(parts, 1)) * VECTOR;
}

static int product_part(const void *what, int64_t at) {
  const Product *whole = what;
  int64_t first = at * whole->length, length = least(whole->length, (whole->wide ? whole->n : whole->m) - first);
  int64_t m = whole->m, n = whole->n, lda = whole->a_turned ? m : whole->k, ldb = whole->b_turned ? whole->k : n;
  const float *a = whole->a, *b = whole->b;
  float *c = whole->c;
  if (whole->wide) {
    b += whole->b_turned ? first * ldb : first, c += first, n = length;
  } else {
    a += whole->a_turned ? first : first * lda, c += first * whole->n, m = length;
  }
  char how_a = whole->a_turned ? 'T' : 'N', how_b = whole->b_turned ? 'T' : 'N';
  int before = threads_of_openmp();
  set_threads_of_openmp(1);
  int status = sgemm(how_a, how_b, m, n, whole->k, 1.0f, a, lda, b, ldb, 0.0f, c, whole->n);
  set_threads_of_openmp(before);
  return status;
}

static int rows_part(const void *what, int64_t at) {
  const Rows *whole = what;
  int64_t first = at * whole->length, end = first + least(whole->length, whole->m - first), n = whole->n;
  for (int64_t row = first; row < end; row++)
    memcpy(whole->rows + row * n, whole->line + least(whole->starts[row], whole->k - n), (size_t)n * sizeof(float));
  return 0;
}

static XLA_FFI_Error *product(const XLA_FFI_CallFrame *frame, bool a_turned, bool b_turned) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *a = frame->args.args[0], *b = frame->args.args[1], *c = frame->rets.rets[0];
  Product whole = {.a = a->data, .b = b->data, .c = c->data, .a_turned = a_turned, .b_turned = b_turned};
  whole.m = c->dims[0], whole.n = c->dims[1], whole.k = a->dims[a_turned ? 0 : 1];
  whole.wide = whole.n > WIDE * whole.m;
  int64_t side = whole.wide ? whole.n : whole.m;
  whole.length = length_of_parts(frame, side, whole.m * whole.n * whole.k / LEAST);
  return shared(frame, product_part, &whole, sizeof whole, parts_of(side, whole.length));
}

XLA_FFI_Error *chainrule_product_nn(XLA_FFI_CallFrame *frame) { return product(frame, false, false); }
XLA_FFI_Error *chainrule_product_nt(XLA_FFI_CallFrame *frame) { return product(frame, false, true); }
XLA_FFI_Error *chainrule_product_tn(XLA_FFI_CallFrame *frame) { return product(frame, true, false); }
XLA_FFI_Error *chainrule_product_tt(XLA_FFI_CallFrame *frame) { return product(frame, true, true); }

/* What begins too far along the line begins as far as it can. */
XLA_FFI_Error *chainrule_rows(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *line = frame->args.args[0], *starts = frame->args.args[1], *rows = frame->rets.rets[0];
  Rows whole = {.line = line->data, .starts = starts->data, .rows = rows->data};
  whole.m = rows->dims[0], whole.n = rows->dims[1], whole.k = line->dims[0];
  whole.length = length_of_parts(frame, whole.m, whole.m * whole.n / FEW);
  return shared(frame, rows_part, &whole, sizeof whole, parts_of(whole.m, whole.length));
}
