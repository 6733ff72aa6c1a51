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
#define ROUNDS 20000
#define PEAK_RUNS 1000

typedef float vector __attribute__((vector_size(16)));

static char *from, *to;
static volatile uint64_t sink;
static volatile float kept;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* Multiply-adds that wait for nothing but each other, with all operands in registers; leaves flops a second. */
static void *multiply_add(void *flops) {
  double best = 1e9;
  vector chains[CHAINS];
  const vector factor = {0.999f, 0.999f, 0.999f, 0.999f}, summand = {0.001f, 0.001f, 0.001f, 0.001f};
  for (int c = 0; c < CHAINS; c++) chains[c] = factor + (float)c;
  for (int i = 0; i < PEAK_RUNS; i++) {
    double start = now();
    for (int round = 0; round < ROUNDS; round++)
      for (int c = 0; c < CHAINS; c++) chains[c] = chains[c] * factor + summand;
    double seconds = now() - start;
    if (seconds < best) best = seconds;
  }
  for (int c = 1; c < CHAINS; c++) chains[0] += chains[c];
  kept = chains[0][0];
  *(double *)flops = 8.0 * CHAINS * ROUNDS / best;
  return NULL;
}

/* Both at once, each for as long as the whole takes: what other programs take is missing here. */
static double peak_of_two(void) {
  double start = now(), first_flops, second_flops;
  pthread_t second;
  pthread_create(&second, NULL, multiply_add, &second_flops);
  multiply_add(&first_flops);
  pthread_join(second, NULL);
  return 2.0 * 8 * CHAINS * ROUNDS * PEAK_RUNS / (now() - start);
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
  double flops;
  multiply_add(&flops);
  printf("[%.0f, %.0f", flops, peak_of_two());
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
