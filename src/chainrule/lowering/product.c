/* The product of two matrices inside compiled code: oneDNN's, on XLA's own threads.

   XLA runs several of a step's operations at once. A library that brings threads of its own would then have more of
   them than there are cores; so each part of a product is made by one thread, and the parts are shared out among the
   threads that XLA has. Which thread makes a part does not matter to its bits. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "xla/ffi/api/c_api.h"

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

enum { VECTOR = 16, LEAST = 1 << 16, WIDE = 4 }; /* floats side by side; multiplications that are worth a part */

/* C (m, n) = A B, in parts: some rows each, or where it is wide some columns. turned: given as the transpose. */
typedef struct {
  const float *a, *b;
  float *c;
  int64_t m, n, k, length; /* length: rows or columns of a part */
  bool a_turned, b_turned, wide;
  int parts;
  atomic_int next, done, status; /* the part to make next, how many are made, what went wrong */
  atomic_int holders;            /* the last one frees it */
} Product;

static int part(const Product *p, int at) {
  int64_t first = at * p->length, side = p->wide ? p->n : p->m;
  int64_t length = first + p->length < side ? p->length : side - first;
  int64_t lda = p->a_turned ? p->m : p->k, ldb = p->b_turned ? p->k : p->n;
  const float *a = p->a, *b = p->b;
  float *c = p->c;
  int64_t m = p->m, n = p->n;
  if (p->wide) {
    b += p->b_turned ? first * ldb : first, c += first, n = length;
  } else {
    a += p->a_turned ? first : first * lda, c += first * p->n, m = length;
  }
  return sgemm(p->a_turned ? 'T' : 'N', p->b_turned ? 'T' : 'N', m, n, p->k, 1.0f, a, lda, b, ldb, 0.0f, c, p->n);
}

static void make_parts(Product *p) {
  int before = threads_of_openmp();
  set_threads_of_openmp(1);
  for (int at; (at = atomic_fetch_add(&p->next, 1)) < p->parts;) {
    int status = part(p, at);
    if (status) atomic_store(&p->status, status);
    atomic_fetch_add(&p->done, 1);
  }
  set_threads_of_openmp(before);
}

static void let_go(Product *p) {
  if (atomic_fetch_sub(&p->holders, 1) == 1) free(p);
}

static void help(void *product) {
  make_parts(product);
  let_go(product);
}

static void rest(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

static XLA_FFI_Error *fault(const XLA_FFI_Api *api, const char *message) {
  XLA_FFI_Error_Create_Args args = {XLA_FFI_Error_Create_Args_STRUCT_SIZE, NULL, message, XLA_FFI_Error_Code_INTERNAL};
  return api->XLA_FFI_Error_Create(&args);
}

/* Whether there is no error; one that is there is let go. */
static bool fine(const XLA_FFI_Api *api, XLA_FFI_Error *error) {
  XLA_FFI_Error_Destroy_Args args = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, NULL, error};
  if (error) api->XLA_FFI_Error_Destroy(&args);
  return !error;
}

/* How many XLA has; 1 where it has no pool of them. */
static int64_t threads(const XLA_FFI_CallFrame *frame) {
  int64_t found = 1;
  XLA_FFI_ThreadPool_NumThreads_Args args = {XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE, NULL, frame->ctx, &found};
  return fine(frame->api, frame->api->XLA_FFI_ThreadPool_NumThreads(&args)) ? found : 1;
}

/* One part for each thread, if there is enough to do. */
static void divide(Product *p, int64_t threads) {
  p->wide = p->n > WIDE * p->m;
  int64_t side = p->wide ? p->n : p->m, enough = p->m * p->n * p->k / LEAST;
  int64_t wanted = threads < enough ? threads : enough;
  int64_t vectors = (side + VECTOR - 1) / VECTOR, parts = wanted < 1 ? 1 : wanted < vectors ? wanted : vectors;
  p->length = (vectors + parts - 1) / parts * VECTOR;
  p->parts = (int)((side + p->length - 1) / p->length);
}

static bool asked_for_metadata(const XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *extension = frame->extension_start;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata) return false;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  metadata->traits = 0;
  return true;
}

static XLA_FFI_Error *product(XLA_FFI_CallFrame *frame, bool a_turned, bool b_turned) {
  if (asked_for_metadata(frame) || frame->stage != XLA_FFI_ExecutionStage_EXECUTE) return NULL;
  const XLA_FFI_Buffer *a = frame->args.args[0], *b = frame->args.args[1], *c = frame->rets.rets[0];
  Product *p = malloc(sizeof(Product));
  if (!p) return fault(frame->api, "chainrule: no memory for a product");
  *p = (Product){.a = a->data, .b = b->data, .c = c->data, .a_turned = a_turned, .b_turned = b_turned};
  p->m = c->dims[0], p->n = c->dims[1], p->k = a->dims[a_turned ? 0 : 1];
  divide(p, threads(frame));
  atomic_init(&p->holders, p->parts);
  for (int helper = 1; helper < p->parts; helper++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, NULL, frame->ctx, help, p};
    if (!fine(frame->api, frame->api->XLA_FFI_ThreadPool_Schedule(&args))) let_go(p);
  }
  make_parts(p); /* all of them, if no other thread comes */
  while (atomic_load(&p->done) < p->parts) rest();
  int status = atomic_load(&p->status);
  let_go(p);
  return status ? fault(frame->api, "chainrule: oneDNN could not make a product") : NULL;
}

XLA_FFI_Error *chainrule_product_nn(XLA_FFI_CallFrame *frame) { return product(frame, false, false); }
XLA_FFI_Error *chainrule_product_nt(XLA_FFI_CallFrame *frame) { return product(frame, false, true); }
XLA_FFI_Error *chainrule_product_tn(XLA_FFI_CallFrame *frame) { return product(frame, true, false); }
XLA_FFI_Error *chainrule_product_tt(XLA_FFI_CallFrame *frame) { return product(frame, true, true); }
