/*
 * Prints as JSON what the machine can do. First flops a second in vectors of 128 bits with 1 and 2 threads; then,
 * if there is any argument, bytes a second: copying (read plus written) and reading, each with 1 and 2 threads.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES ((size_t)256 << 20)
#define RUNS 7

#define CHAINS 12
#define PEAK_ROUNDS 13000000

typedef float vector __attribute__((vector_size(16)));

static char *from, *to;
static volatile uint64_t sink;
static volatile float kept;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * Where processors of one architecture do or do not have a fused multiply-add, the program asks before it uses it. That it
 * may, -ffp-contract says.
 */
#if defined(__x86_64__) && defined(__GLIBC__)
#define FUSED_IF_POSSIBLE __attribute__((target_clones("fma", "default")))
#else
#define FUSED_IF_POSSIBLE
#endif

/* Multiply-adds that wait for nothing but each other, with all operands in registers. */
FUSED_IF_POSSIBLE static void *multiply_add(void *unused) {
  (void)unused;
  vector chains[CHAINS];
  const vector factor = {0.999f, 0.999f, 0.999f, 0.999f}, summand = {0.001f, 0.001f, 0.001f, 0.001f};
  for (int c = 0; c < CHAINS; c++) chains[c] = factor + (float)c;
  for (int round = 0; round < PEAK_ROUNDS; round++)
    for (int c = 0; c < CHAINS; c++) chains[c] = chains[c] * factor + summand;
  for (int c = 1; c < CHAINS; c++) chains[0] += chains[c];
  kept = chains[0][0];
  return NULL;
}

/* Flops a second of 1 or 2 threads in all the time it takes, some 25 milliseconds: what other programs take is missing. */
static double peak(int threads) {
  double start = now();
  pthread_t second;
  if (threads == 2) pthread_create(&second, NULL, multiply_add, NULL);
  multiply_add(NULL);
  if (threads == 2) pthread_join(second, NULL);
  return 8.0 * threads * CHAINS * PEAK_ROUNDS / (now() - start);
}

struct part {
  size_t start, length;
  int reads;
};

static void *work(void *argument) {
  const struct part *part = argument;
  if (!part->reads) {
    memcpy(to + part->start, from + part->start, part->length);
    return NULL;
  }
  const uint64_t *words = (const uint64_t *)(from + part->start);
  uint64_t sums[16] = {0};
  for (size_t i = 0; i + 16 <= part->length / 8; i += 16)
    for (int lane = 0; lane < 16; lane++) sums[lane] += words[i + lane];
  for (int lane = 1; lane < 16; lane++) sums[0] += sums[lane];
  sink = sums[0];
  return NULL;
}

static double run(int threads, int reads) {
  double best = 1e9;
  for (int i = 0; i < RUNS; i++) {
    struct part parts[2];
    pthread_t second;
    for (int t = 0; t < threads; t++)
      parts[t] = (struct part){BYTES / threads * t, BYTES / threads, reads};
    double start = now();
    if (threads == 2) pthread_create(&second, NULL, work, &parts[1]);
    work(&parts[0]);
    if (threads == 2) pthread_join(second, NULL);
    double seconds = now() - start;
    if (seconds < best) best = seconds;
  }
  return (reads ? 1.0 : 2.0) * BYTES / best;
}

int main(int count, char **arguments) {
  (void)arguments;
  printf("[%.0f, %.0f", peak(1), peak(2));
  if (count > 1) {
    from = malloc(BYTES);
    to = malloc(BYTES);
    if (from == NULL || to == NULL) return 1;
    memset(from, 1, BYTES);
    memset(to, 2, BYTES);
    printf(", %.0f, %.0f, %.0f, %.0f", run(1, 0), run(2, 0), run(1, 1), run(2, 1));
  }
  printf("]\n");
  return 0;
}
