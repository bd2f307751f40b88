/* Calls out of compiled code: the product of two matrices by oneDNN, and rows of an array, on XLA's own threads.

   XLA runs several of a step's operations at once. A library that brings threads of its own would then have more of
   them than there are cores; so each part of a result is made by one thread, and the parts are shared out among the
   threads that XLA has. Which thread makes a part does not matter to its bits. */

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

enum { VECTOR = 16, LEAST = 1 << 16, WIDE = 4, FEW = 1 << 14, PATIENCE = 1 << 16 };
/* floats side by side; multiplications that are worth a part of a product; how much wider than long is wide; floats that
   are worth a part of a copy; pauses, of some ten nanoseconds, before other processes have their turn */

/* Something that threads share. make: makes the part of that number, and returns 0, or what went wrong. */
typedef struct Job Job;
struct Job {
  int (*make)(const Job *, int64_t);
  int64_t parts;
  atomic_llong next, done;     /* the part to make next, how many are made */
  atomic_int status, holders;  /* what went wrong; the last one that holds it frees it */
  int64_t m, n, k, length;     /* length: rows or columns of a part */
  const float *a, *b;
  float *c;
  const uint32_t *starts;
  bool a_turned, b_turned, wide;
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* C (m, n) = A B, in parts: some rows each, or where it is wide some columns. turned: given as the transpose. */
static int product_part(const Job *job, int64_t at) {
  int64_t first = at * job->length, length = least(job->length, (job->wide ? job->n : job->m) - first);
  int64_t lda = job->a_turned ? job->m : job->k, ldb = job->b_turned ? job->k : job->n, m = job->m, n = job->n;
  const float *a = job->a, *b = job->b;
  float *c = job->c;
  if (job->wide) {
    b += job->b_turned ? first * ldb : first, c += first, n = length;
  } else {
    a += job->a_turned ? first : first * lda, c += first * job->n, m = length;
  }
  char how_a = job->a_turned ? 'T' : 'N', how_b = job->b_turned ? 'T' : 'N';
  int before = threads_of_openmp();
  set_threads_of_openmp(1);
  int status = sgemm(how_a, how_b, m, n, job->k, 1.0f, a, lda, b, ldb, 0.0f, c, job->n);
  set_threads_of_openmp(before);
  return status;
}

/* m pieces of n floats out of a line of k, one after another; starts: where each begins, at k - n at the most. */
static int rows_part(const Job *job, int64_t at) {
  int64_t first = at * job->length, end = first + least(job->length, job->m - first);
  for (int64_t row = first; row < end; row++)
    memcpy(job->c + row * job->n, job->a + least(job->starts[row], job->k - job->n), (size_t)job->n * sizeof(float));
  return 0;
}

static void make_parts(Job *job) {
  for (int64_t at; (at = atomic_fetch_add(&job->next, 1)) < job->parts;) {
    int status = job->make(job, at);
    if (status) atomic_store(&job->status, status);
    atomic_fetch_add(&job->done, 1);
  }
}

static void let_go(Job *job) {
  if (atomic_fetch_sub(&job->holders, 1) == 1) free(job);
}

static void help(void *job) {
  make_parts(job);
  let_go(job);
}

/* Wait for others: for a short time without giving the core away. */
static void wait_once_more(int64_t waited) {
  if (waited >= PATIENCE) {
    sched_yield();
    return;
  }
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

static bool asked_for_metadata(const XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *extension = frame->extension_start;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata) return false;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  metadata->traits = 0;
  return true;
}

/* Whether the frame asks for nothing but an answer about the call itself. */
static bool is_talk(const XLA_FFI_CallFrame *frame) {
  return asked_for_metadata(frame) || frame->stage != XLA_FFI_ExecutionStage_EXECUTE;
}

/* The job in parts along a side, made by this thread and by whichever others come. enough: the most parts worth it. */
static XLA_FFI_Error *shared(const XLA_FFI_CallFrame *frame, const Job *wanted, int64_t side, int64_t enough) {
  Job *job = malloc(sizeof(Job));
  if (!job) return fault(frame->api, "chainrule: no memory for a call");
  *job = *wanted;
  int64_t vectors = (side + VECTOR - 1) / VECTOR, parts = least(least(threads(frame), enough), vectors);
  parts = parts < 1 ? 1 : parts;
  job->length = (vectors + parts - 1) / parts * VECTOR;
  job->parts = (side + job->length - 1) / job->length;
  atomic_init(&job->holders, (int)job->parts);
  for (int64_t helper = 1; helper < job->parts; helper++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, NULL, frame->ctx, help, job};
    if (!fine(frame->api, frame->api->XLA_FFI_ThreadPool_Schedule(&args))) let_go(job);
  }
  make_parts(job); /* all of them, if no other thread comes */
  for (int64_t waited = 0; atomic_load(&job->done) < job->parts; waited++) wait_once_more(waited);
  int status = atomic_load(&job->status);
  let_go(job);
  return status ? fault(frame->api, "chainrule: oneDNN could not make a product") : NULL;
}

static XLA_FFI_Error *product(const XLA_FFI_CallFrame *frame, bool a_turned, bool b_turned) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *a = frame->args.args[0], *b = frame->args.args[1], *c = frame->rets.rets[0];
  Job job = {.make = product_part, .a = a->data, .b = b->data, .c = c->data, .a_turned = a_turned, .b_turned = b_turned};
  job.m = c->dims[0], job.n = c->dims[1], job.k = a->dims[a_turned ? 0 : 1];
  job.wide = job.n > WIDE * job.m;
  return shared(frame, &job, job.wide ? job.n : job.m, job.m * job.n * job.k / LEAST);
}

XLA_FFI_Error *chainrule_product_nn(XLA_FFI_CallFrame *frame) { return product(frame, false, false); }
XLA_FFI_Error *chainrule_product_nt(XLA_FFI_CallFrame *frame) { return product(frame, false, true); }
XLA_FFI_Error *chainrule_product_tn(XLA_FFI_CallFrame *frame) { return product(frame, true, false); }
XLA_FFI_Error *chainrule_product_tt(XLA_FFI_CallFrame *frame) { return product(frame, true, true); }

XLA_FFI_Error *chainrule_rows(XLA_FFI_CallFrame *frame) {
  if (is_talk(frame)) return NULL;
  const XLA_FFI_Buffer *line = frame->args.args[0], *starts = frame->args.args[1], *rows = frame->rets.rets[0];
  Job job = {.make = rows_part, .a = line->data, .starts = starts->data, .c = rows->data};
  job.m = rows->dims[0], job.n = rows->dims[1], job.k = line->dims[0];
  return shared(frame, &job, job.m, job.m * job.n / FEW);
}
