import { customGradient } from '@downhill/autograd';
import {
  abs,
  add,
  concat,
  cos,
  div,
  exp,
  log,
  sin,
  sqrt,
  square,
  stack,
  sum,
  tensor,
  where,
  type Tensor,
} from '@downhill/tensor';

/**
 * The residuals of the 18 unconstrained functions of Moré, Garbow & Hillstrom, ACM TOMS 7 (1981); a function is the sum
 * of their squares. Gulf's is corrected as in golden/make.py, which states them a second time.
 */
export const residuals: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'helical valley': (x) => {
    const [a, b, c] = elements(x);
    const turns = atan(div(b, a)).div(2 * Math.PI);
    const angle = turns.add(where(a.less(0), 0.5, 0));
    return stack([c.sub(angle.mul(10)).mul(10), sqrt(a.square().add(b.square())).sub(1).mul(10), c]);
  },
  'Biggs EXP6': (x) => {
    const [a, b, c, d, e, f] = elements(x);
    const t = numbers(13, (i) => 0.1 * i);
    const y = exp(t.neg())
      .sub(exp(t.mul(-10)).mul(5))
      .add(exp(t.mul(-4)).mul(3));
    const decay = (rate: Tensor): Tensor => exp(t.mul(rate).neg());
    return decay(a).mul(c).sub(decay(b).mul(d)).add(decay(e).mul(f)).sub(y);
  },
  Gaussian: (x) => {
    const [a, b, c] = elements(x);
    const half = [0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521];
    const y = tensor([...half, 0.3989, ...half.toReversed()], { dtype: 'float64' });
    const t = numbers(15, (i) => (8 - i) / 2);
    return a.mul(exp(b.mul(t.sub(c).square()).div(-2))).sub(y);
  },
  'Powell badly scaled': (x) => {
    const [a, b] = elements(x);
    return stack([a.mul(b).mul(1e4).sub(1), exp(a.neg()).add(exp(b.neg())).sub(1.0001)]);
  },
  'Box three-dimensional': (x) => {
    const [a, b, c] = elements(x);
    const t = numbers(10, (i) => 0.1 * i);
    const known = exp(t.neg()).sub(exp(t.mul(-10)));
    return exp(t.mul(a).neg())
      .sub(exp(t.mul(b).neg()))
      .sub(known.mul(c));
  },
  'variably dimensioned': (x) => {
    const total = sum(numbers(x.size, (j) => j).mul(x.sub(1)));
    return concat([x.sub(1), stack([total, total.square()])]);
  },
  Watson: (x) => {
    const t = numbers(29, (i) => i / 29).reshape([29, 1]);
    const j = numbers(x.size, (i) => i - 1);
    const value = sum(x.mul(t.pow(j)), { axis: 1 });
    const inner = j.slice([1]);
    const slope = sum(inner.mul(x.slice([1])).mul(t.pow(inner.sub(1))), { axis: 1 });
    const [a, b] = elements(x);
    return concat([slope.sub(value.square()).sub(1), stack([a, b.sub(a.square()).sub(1)])]);
  },
  'penalty I': (x) => concat([x.sub(1).mul(Math.sqrt(1e-5)), stack([sum(square(x)).sub(0.25)])]),
  'penalty II': (x) => {
    const n = x.size;
    const y = numbers(n - 1, (i) => Math.exp((i + 1) / 10) + Math.exp(i / 10));
    const [later, earlier] = [exp(x.slice([1]).div(10)), exp(x.slice([0, n - 1]).div(10))];
    const root = Math.sqrt(1e-5);
    return concat([
      x.slice([0, 1]).sub(0.2),
      later.add(earlier).sub(y).mul(root),
      later.sub(Math.exp(-0.1)).mul(root),
      stack([sum(numbers(n, (j) => n - j + 1).mul(square(x))).sub(1)]),
    ]);
  },
  'Brown badly scaled': (x) => {
    const [a, b] = elements(x);
    return stack([a.sub(1e6), b.sub(2e-6), a.mul(b).sub(2)]);
  },
  'Brown and Dennis': (x) => {
    const [a, b, c, d] = elements(x);
    const t = numbers(20, (i) => i / 5);
    const line = a.add(t.mul(b)).sub(exp(t));
    return line.square().add(c.add(sin(t).mul(d)).sub(cos(t)).square());
  },
  'Gulf research and development': (x) => {
    const [a, b, c] = elements(x);
    const t = numbers(99, (i) => i / 100);
    const y = log(t)
      .mul(-50)
      .pow(2 / 3)
      .add(25);
    return exp(abs(y.sub(b)).pow(c).div(a).neg()).sub(t);
  },
  trigonometric: (x) => {
    const rest = cos(x).neg().add(1);
    return sum(rest)
      .add(numbers(x.size, (i) => i).mul(rest))
      .sub(sin(x));
  },
  'extended Rosenbrock': (x) => {
    const [a, b] = every(x, 2);
    return concat([b.sub(a.square()).mul(10), a.neg().add(1)]);
  },
  'extended Powell singular': (x) => {
    const [a, b, c, d] = every(x, 4);
    return concat([
      a.add(b.mul(10)),
      c.sub(d).mul(Math.sqrt(5)),
      b.sub(c.mul(2)).square(),
      a.sub(d).square().mul(Math.sqrt(10)),
    ]);
  },
  Beale: (x) => {
    const [a, b] = elements(x);
    const y = tensor([1.5, 2.25, 2.625], { dtype: 'float64' });
    return y.sub(
      a.mul(
        stack([b, b.square(), b.square().mul(b)])
          .neg()
          .add(1),
      ),
    );
  },
  Wood: (x) => {
    const [a, b, c, d] = elements(x);
    return stack([
      b.sub(a.square()).mul(10),
      a.neg().add(1),
      d.sub(c.square()).mul(Math.sqrt(90)),
      c.neg().add(1),
      add(b, d).sub(2).mul(Math.sqrt(10)),
      b.sub(d).div(Math.sqrt(10)),
    ]);
  },
  Chebyquad: (x) => {
    const shifted = x.mul(2).sub(1);
    let [before, now]: Tensor[] = [shifted.mul(0).add(1), shifted];
    const means: Tensor[] = [];
    for (let i = 1; i <= x.size; i++) {
      means.push(now.mean().add(i % 2 === 1 ? 0 : 1 / (i * i - 1)));
      [before, now] = [now, shifted.mul(2).mul(now).sub(before)];
    }
    return stack(means);
  },
};

function elements(x: Tensor): Tensor[] {
  return Array.from({ length: x.size }, (_, i) => x.slice(i));
}

function every(x: Tensor, count: number): Tensor[] {
  return Array.from({ length: count }, (_, i) => x.slice([i, undefined, count]));
}

/** fn(1) to fn(count). */
function numbers(count: number, fn: (i: number) => number): Tensor {
  return tensor(
    Array.from({ length: count }, (_, i) => fn(i + 1)),
    { dtype: 'float64' },
  );
}

/** The inverse tangent: a rough guess t, and tan(atan z − t) = (z cos t − sin t) / (cos t + z sin t) for what is missing. */
const atan = customGradient(
  (z) => {
    const steep = abs(z).greater(1);
    const small = where(steep, div(1, where(steep, z, 1)), z);
    const guess = small.div(small.square().mul(0.28).add(1));
    const missing = small
      .mul(cos(guess))
      .sub(sin(guess))
      .div(cos(guess).add(small.mul(sin(guess))));
    const cube = missing.square().mul(missing);
    const angle = guess.add(missing).sub(cube.div(3)).add(cube.mul(missing.square()).div(5));
    return where(
      steep,
      small
        .sign()
        .mul(Math.PI / 2)
        .sub(angle),
      angle,
    );
  },
  (gradient, { inputs: [z] }) => [gradient.div(z.square().add(1))],
);
