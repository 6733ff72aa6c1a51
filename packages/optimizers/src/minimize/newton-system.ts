/**
 * The direction d of Newton's equation A d = b for a symmetric A. Where A is not positive definite, its eigenvalues are
 * taken without their signs, and not too near 0: along a direction that curves downwards d leads down, as far as it would
 * lead up along one that curves upwards (Nocedal & Wright (2006), section 3.4).
 */
export function solveUpwards(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  // The mean of both halves: rounding must not make the matrix lopsided.
  const even = matrix.map((row, i) => row.map((each, j) => (each + matrix[j][i]) / 2));
  const factor = cholesky(even);
  return factor === undefined ? solveByEigenvalues(even, right) : solveFactored(factor, right);
}

/** The lower triangle L with L Lᵀ = A, or undefined if A is not positive definite beyond doubt. */
function cholesky(matrix: readonly Float64Array[]): Float64Array[] | undefined {
  const factor: Float64Array[] = [];
  for (const [i, source] of matrix.entries()) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j < i; j++) row[j] = (source[j] - dot(row, factor[j], j)) / factor[j][j];
    const rest = source[i] - dot(row, row, i);
    if (!(rest > 1e-14 * source[i])) return undefined;
    row[i] = Math.sqrt(rest);
    factor.push(row);
  }
  return factor;
}

function solveFactored(factor: readonly Float64Array[], right: Float64Array): Float64Array {
  const x = right.slice();
  for (const [i, row] of factor.entries()) x[i] = (x[i] - dot(row, x, i)) / row[i];
  for (let i = x.length - 1; i >= 0; i--) {
    x[i] /= factor[i][i];
    for (let j = 0; j < i; j++) x[j] -= factor[i][j] * x[i];
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array, count: number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += a[k] * b[k];
  return total;
}

function solveByEigenvalues(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const { values, vectors } = eigenvaluesOf(matrix);
  const least = 1e-8 * values.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0);
  const x = new Float64Array(right.length);
  vectors.forEach((vector, k) => {
    const size = Math.max(Math.abs(values[k]), least);
    const share = size > 0 ? dot(vector, right, right.length) / size : dot(vector, right, right.length);
    vector.forEach((each, i) => {
      x[i] += share * each;
    });
  });
  return x;
}

/** Eigenvalues and eigenvectors by Jacobi's rotations (Golub & Van Loan, Matrix Computations, section 8.5). */
function eigenvaluesOf(matrix: readonly Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const a = matrix.map((row) => row.slice());
  const size = a.length;
  const vectors = a.map((_, i) => Float64Array.from({ length: size }, (_, j) => Number(i === j)));
  const rotate = (rows: readonly Float64Array[], p: number, q: number, c: number, s: number): void => {
    for (let k = 0; k < size; k++) {
      const [x, y] = [rows[p][k], rows[q][k]];
      rows[p][k] = c * x - s * y;
      rows[q][k] = s * x + c * y;
    }
  };
  for (let sweep = 0; sweep < 50; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p][q]) <= 2 ** -53 * Math.sqrt(Math.abs(a[p][p] * a[q][q]))) continue;
        const tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
        const c = 1 / Math.hypot(1, t);
        rotate(a, p, q, c, t * c);
        for (const row of a) [row[p], row[q]] = [c * row[p] - t * c * row[q], t * c * row[p] + c * row[q]];
        rotate(vectors, p, q, c, t * c);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return { values: a.map((row, i) => row[i]), vectors };
}
