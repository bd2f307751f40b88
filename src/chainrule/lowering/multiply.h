/* The product of two matrices by one thread. */

#include <stdbool.h>
#include <stdint.h>

/* Its rows lie so far apart. turned: it is given as the transpose. */
typedef struct {
  const float *at;
  int64_t apart;
  bool turned;
} Matrix;

/* Whether a product of these sizes, or its parts, is made sooner by our own tiles than by oneDNN. */
bool chainrule_tiled(int64_t m, int64_t n, int64_t k, bool b_turned);

/* C (m, n) = A B, or where it is added C + A B. c: its rows lie so far apart. tiled: see above. Returns 0, or what went
   wrong. */
int chainrule_multiply(bool tiled, int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, bool added, float *c, int64_t apart);
