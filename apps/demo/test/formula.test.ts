import { gradients } from '@downhill/autograd';
import { tensor, type Tensor } from '@downhill/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormulaError, parseFormula } from '../src/race/formula.js';

const point = (value: number): Tensor => tensor(value, { dtype: 'float64' });

function evaluate(text: string, x: number, y: number): number {
  const value = parseFormula(text).build({ x: point(x), y: point(y), noise: () => 0 });
  return typeof value === 'number' ? value : value.item();
}

/** Names and signs as JavaScript has them, which then evaluates it. */
function javaScript(text: string): (x: number, y: number) => number {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, no-new-func
  return new Function('x', 'y', `with (Math) { return ${text}; }`) as (x: number, y: number) => number;
}

describe('a typed formula', () => {
  it('has the value that JavaScript gives it, whatever is nested in it', () => {
    const { formula } = fc.letrec<{ formula: string }>((tie) => ({
      formula: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom('x', 'y', '2', '0.5', '1e-2'),
        fc.tuple(tie('formula'), fc.constantFrom('+', '-', '*', '/'), tie('formula')).map((p) => p.join(' ')),
        tie('formula').map((inner) => `(${inner})`),
        tie('formula').map((inner) => `(-(${inner}))`),
        fc
          .tuple(fc.constantFrom('sin', 'cos', 'exp', 'log', 'sqrt', 'abs', 'tanh'), tie('formula'))
          .map(([name, inner]) => `${name}(${inner})`),
        fc
          .tuple(fc.constantFrom('min', 'max', 'pow'), tie('formula'), tie('formula'))
          .map(([name, a, b]) => `${name}(${a}, ${b})`),
      ),
    }));
    const number = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(formula, number, number, (text, x, y) => {
        fc.pre(/[xy]/.test(text.replace(/exp|max/g, '')));
        const expected = javaScript(text)(x, y);
        const value = evaluate(text, x, y);
        if (Number.isNaN(expected) || Math.abs(expected) > 1e300) return;
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
      }),
    );
  });

  it.each([
    ['-x^2', -9],
    ['(-x)^2', 9],
    ['2^-x', 1 / 8],
    ['2 - -x^2', 11],
    ['x^2^y', 81],
    ['x - y - 1', 0],
    ['12 / x / y', 2],
    ['2 * x^2', 18],
    ['+x * pi / e', (3 * Math.PI) / Math.E],
  ])('%s is %d where x is 3 and y is 2, by the rules of school', (text, expected) => {
    expect(evaluate(text, 3, 2)).toBeCloseTo(expected, 12);
  });

  it.each([
    'x^3 * y',
    'x^4 - 2 * x * y^2',
    'sin(x * y) + exp(-x^2)',
    'max(x, y) * tanh(y)',
    '(1.5 - x + x*y)^2',
  ])('has the gradient of %s that differences show', (text) => {
    const [x, y] = [point(-1.3), point(0.4)];
    const value = parseFormula(text).build({ x, y, noise: () => 0 }) as Tensor;
    const h = 1e-5;
    const expected = [
      (evaluate(text, -1.3 + h, 0.4) - evaluate(text, -1.3 - h, 0.4)) / (2 * h),
      (evaluate(text, -1.3, 0.4 + h) - evaluate(text, -1.3, 0.4 - h)) / (2 * h),
    ];
    gradients(value, [x, y], { unused: 'zero' }).forEach((gradient, i) => {
      expect(gradient.item()).toBeCloseTo(expected[i], 7);
    });
  });

  it('asks for a draw at each noise', () => {
    const formula = parseFormula('x * noise + y * noise');
    let draws = 0;
    const value = formula.build({ x: point(1), y: point(1), noise: () => 10 ** draws++ }) as Tensor;
    expect(formula.noisy).toBe(true);
    expect(value.item()).toBe(11);
    expect(parseFormula('x').noisy).toBe(false);
  });

  it.each([
    ['x^2 + foo * y', 6, /no foo; the names are x, y/],
    ['x^2 + sinh(y)', 6, /no function sinh; the functions are sin cos/],
    ['x^2 +', 5, /missing after \+/],
    ['x^2 + (y', 8, /unclosed \(/],
    ['2x + y', 1, /sign: 2 \* x/],
    ['x y', 2, /expected an operator .* before "y"/],
    ['x % y', 2, /unexpected "%"/],
    ['max(x)', 0, /two values, got 1/],
    ['x + sin', 4, /Write sin\(x\)/],
    ['x + "y"', 4, /expected a number/],
    ['x + y[0]', 4, /cannot read "y"/],
    ['1 + 2', 0, /neither x nor y/],
    ['  ', 0, /expected a formula/],
    [`x${' + x'.repeat(200)}`, 500, /500 at most/],
  ])('%s is refused at its place', (text, index, message) => {
    let fault: unknown;
    try {
      parseFormula(text);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(FormulaError);
    expect((fault as FormulaError).index).toBe(index);
    expect((fault as FormulaError).message).toMatch(message);
  });
});
