/**
 * Eigenvalues of a symmetric matrix (n by n, row-major), largest first, and their eigenvectors as the rows of a matrix: reduced to
 * tridiagonal form by reflections (Householder 1958), then diagonalized by implicit QL steps (Golub and Van Loan,
 * Matrix Computations, section 8.3). The largest element of each vector, by magnitude, is positive.
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  // Row i of `vectors` will be eigenvector i: rotating two of them runs along memory.
  const { diagonal, beside, vectors } = tridiagonalize(matrix.slice(), n);
  for (let first = 0; first < n; first++) {
    for (
      let last = splitFrom(first, diagonal, beside, n);
      last > first;
      last = splitFrom(first, diagonal, beside, n)
    ) {
      implicitStep(first, last, { diagonal, beside, vectors, n });
    }
  }
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b] - diagonal[a]);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    const vector = vectors.subarray(from * n, (from + 1) * n);
    const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    const sign = largest < 0 ? -1 : 1;
    sorted.set(
      vector.map((value) => sign * value),
      to * n,
    );
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors: sorted };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands between diagonal elements i and i + 1. */
  readonly beside: Float64Array;
  /** The transposed of Q, where the matrix is Q T Qᵀ. */
  readonly vectors: Float64Array;
}

function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm = Math.hypot(norm, a[i * n + k]);
    if (norm === 0) continue;
    const alpha = a[(k + 1) * n + k] > 0 ? -norm : norm;
    v.fill(0);
    for (let i = k + 1; i < n; i++) v[i] = a[i * n + k] / norm;
    v[k + 1] -= alpha / norm;
    let square = 0;
    for (let i = k + 1; i < n; i++) square += v[i] * v[i];
    const beta = 2 / square;
    // A ← (1 - β v vᵀ) A (1 - β v vᵀ) = A - v wᵀ - w vᵀ, with w = p - (β/2 pᵀv) v and p = β A v.
    let along = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      p[i] = beta * sum;
      along += p[i] * v[i];
    }
    for (let i = k; i < n; i++) p[i] -= (beta / 2) * along * v[i];
    for (let i = k; i < n; i++) {
      for (let j = k; j < n; j++) a[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    }
    // Qᵀ ← (1 - β v vᵀ) Qᵀ.
    p.fill(0);
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) p[j] += v[i] * vectors[i * n + j];
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) vectors[i * n + j] -= beta * v[i] * p[j];
  }
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]),
    beside: Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? a[(i + 1) * n + i] : 0)),
    vectors,
  };
}

/** The end of the block that begins at `first`: behind it the element beside the diagonal is nothing. */
function splitFrom(first: number, diagonal: Float64Array, beside: Float64Array, n: number): number {
  let last = first;
  while (
    last < n - 1 &&
    Math.abs(beside[last]) > Number.EPSILON * (Math.abs(diagonal[last]) + Math.abs(diagonal[last + 1])) &&
    Math.abs(beside[last]) > Number.MIN_VALUE / Number.EPSILON
  ) {
    last++;
  }
  return last;
}

/** One QL step with Wilkinson's shift: rotations from the end of the block to its beginning, whose corner it makes smaller. */
function implicitStep(
  first: number,
  last: number,
  { diagonal, beside, vectors, n }: Tridiagonal & { readonly n: number },
): void {
  const half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
  const root = Math.hypot(half, 1);
  const shift = diagonal[first] - beside[first] / (half + (half < 0 ? -root : root));
  let x = diagonal[last] - shift;
  let bulge = beside[last - 1];
  for (let i = last - 1; i >= first; i--) {
    // Turns rows and columns i and i + 1 so that the bulge, beside i + 1, vanishes.
    const length = Math.hypot(x, bulge);
    const [c, s] = length === 0 ? [1, 0] : [x / length, bulge / length];
    if (i + 1 < last) beside[i + 1] = length;
    const [upper, between, lower] = [diagonal[i], beside[i], diagonal[i + 1]];
    diagonal[i + 1] = c * c * lower + 2 * c * s * between + s * s * upper;
    diagonal[i] = s * s * lower - 2 * c * s * between + c * c * upper;
    beside[i] = (c * c - s * s) * between + c * s * (upper - lower);
    x = beside[i];
    if (i > first) {
      bulge = s * beside[i - 1];
      beside[i - 1] *= c;
    }
    const [a, b] = [i * n, (i + 1) * n];
    for (let k = 0; k < n; k++) {
      const [p, q] = [vectors[a + k], vectors[b + k]];
      vectors[b + k] = c * q + s * p;
      vectors[a + k] = c * p - s * q;
    }
  }
}
