/* What the calls out of compiled code share: parts of a result, made by XLA's own threads.

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

enum { PATIENCE = 1 << 8 }; /* pauses, of some ten nanoseconds, before others have their turn on this core */

typedef int (*Make)(const void *what, int64_t part); /* makes the part of that number; returns 0, or what went wrong */

typedef struct {
  Make make;
  int64_t parts;
  atomic_llong next, done;    /* the part to make next, how many are made */
  atomic_int status, holders; /* what went wrong; the last one that holds it frees it */
  _Alignas(max_align_t) char what[];
} Job;

/* The windows along one axis: the fields of `Window` in ops/windows.py. */
typedef struct {
  int64_t n, size, count, stride, dilation, before;
} Window;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t parts_of(int64_t whole, int64_t length) { return (whole + length - 1) / length; }

/* How many of what is left make the next of the fewest parts, none of them larger than the limit. */
static inline int64_t next_part(int64_t left, int64_t limit) {
  return left > limit * limit ? limit : parts_of(left, parts_of(left, limit));
}

static void make_parts(Job *job) {
  for (int64_t at; (at = atomic_fetch_add(&job->next, 1)) < job->parts;) {
    int status = job->make(job->what, at);
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

static XLA_FFI_Error *no_memory(const XLA_FFI_CallFrame *frame) {
  return fault(frame->api, "chainrule: no memory for a call");
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
  return fine(frame->api, frame->api->XLA_FFI_ThreadPool_NumThreads(&args)) ? most(found, 1) : 1;
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

/* All parts of what is described in so many bytes, made by this thread and by whichever others come. */
static XLA_FFI_Error *shared(const XLA_FFI_CallFrame *frame, Make make, const void *what, size_t size, int64_t parts) {
  Job *job = malloc(sizeof(Job) + size);
  if (!job) return no_memory(frame);
  *job = (Job){.make = make, .parts = parts};
  memcpy(job->what, what, size);
  int64_t makers = most(least(threads(frame), parts), 1);
  atomic_init(&job->holders, (int)makers);
  for (int64_t helper = 1; helper < makers; helper++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, NULL, frame->ctx, help, job};
    if (!fine(frame->api, frame->api->XLA_FFI_ThreadPool_Schedule(&args))) let_go(job);
  }
  make_parts(job); /* all of them, if no other thread comes */
  for (int64_t waited = 0; atomic_load(&job->done) < parts; waited++) wait_once_more(waited);
  int status = atomic_load(&job->status);
  let_go(job);
  return status ? fault(frame->api, "chainrule: a library could not make its part of a result") : NULL;
}

/* The numbers that a call was told. */
static inline const int64_t *told(const XLA_FFI_CallFrame *frame) {
  return ((const XLA_FFI_Array *)frame->attrs.attrs[0])->data;
}

/* The windows that a call was told of; returns the numbers that come after them. */
static inline const int64_t *numbers(const XLA_FFI_CallFrame *frame, Window *rows, Window *columns) {
  memcpy(rows, told(frame), sizeof(Window));
  memcpy(columns, told(frame) + 6, sizeof(Window));
  return told(frame) + 12;
}
