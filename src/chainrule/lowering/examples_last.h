/* Convolutions of images whose examples lie last: (h, w, channels, examples). What those two sources share: windows and tiles.

   y[i, j, o] = sum over u, v, c of x[s i + d u - p, s j + d v - p, c] k[u, v, c, o], for all examples at once; s the stride,
   d the dilation, p the padding before; what lies outside of the image is left out. And what k receives,
   dk[u, v, c, o] = sum over i, j and the examples of x[s i + d u - p, s j + d v - p, c] dy[i, j, o]. */

#include "native.h"
#include "vectors.h"

#if !REGISTERS
#error "no vectors that are worth it: XLA does it"
#endif

/* A tile of y has at most VECTORS of examples by OUTS outputs, or by MORE_OUTS where there are half as many. */
#if REGISTERS == 32
enum { VECTORS = 4, OUTS = 6, MORE_OUTS = 12 };
#define UP_TO_VECTORS(of) of(1) of(2) of(3) of(4)
#define NARROW_TILES TILE(MORE_OUTS, 1) TILE(MORE_OUTS, 2)
#else
enum { VECTORS = 2, OUTS = 6, MORE_OUTS = OUTS };
#define UP_TO_VECTORS(of) of(1) of(2)
#define NARROW_TILES
#endif

enum { WIDTH = VECTORS * LANES }; /* most examples of a block */

static int64_t place(const Window *w, int64_t i, int64_t u) { return i * w->stride + u * w->dilation - w->before; }
