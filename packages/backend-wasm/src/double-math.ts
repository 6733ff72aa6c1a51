import type { UnaryName } from '@downhill/tensor';
import type { FunctionBuilder } from './assembler.js';
import type { CodeContext } from './code-context.js';
import type { ImportIndices, ImportName } from './imports.js';

type Composed = 'sigmoid' | 'softplus' | 'erf';

/** What `Math` has no function for; each takes and gives a float64. */
const COMPOSED: Readonly<Record<Composed, (f: FunctionBuilder, imports: ImportIndices) => void>> = {
  sigmoid(f, { exp }) {
    const e = f.local('f64');
    f.get(0).op('f64.abs').op('f64.neg').call(exp).set(e);
    f.f64Const(1).get(e).get(0).f64Const(0).op('f64.ge').op('select');
    f.f64Const(1).get(e).op('f64.add').op('f64.div');
  },
  softplus(f, { exp, log1p }) {
    f.get(0).f64Const(0).op('f64.max').get(0).op('f64.abs').op('f64.neg').call(exp).call(log1p).op('f64.add');
  },
  /** As the portable backend computes it: by series below 2, by a continued fraction above. */
  erf(f, { exp }) {
    const [size, square, term, sum, n] = Array.from({ length: 5 }, () => f.local('f64'));
    f.get(0).op('f64.abs').tee(size).f64Const(0).op('f64.gt').op('i32.eqz').if('f64').get(0).else();
    f.get(size).f64Const(6).op('f64.ge').if('f64').f64Const(1).get(0).op('f64.copysign').else();
    f.get(size).get(size).op('f64.mul').set(square);
    f.get(size).f64Const(2).op('f64.lt').if('f64');
    f.get(size).tee(term).set(sum).f64Const(1).set(n);
    f.whileLoop(
      () => f.get(term).get(sum).f64Const(1e-17).op('f64.mul').op('f64.gt'),
      () => {
        f.get(term).f64Const(2).get(square).op('f64.mul').f64Const(2).get(n).op('f64.mul');
        f.f64Const(1).op('f64.add').op('f64.div').op('f64.mul').tee(term).get(sum).op('f64.add').set(sum);
        f.get(n).f64Const(1).op('f64.add').set(n);
      },
    );
    f.f64Const(2 / Math.sqrt(Math.PI))
      .get(square)
      .op('f64.neg')
      .call(exp)
      .op('f64.mul');
    f.get(sum).op('f64.mul').get(0).op('f64.copysign').else();
    f.get(size).set(sum).f64Const(60).set(n);
    f.whileLoop(
      () => f.get(n).f64Const(0).op('f64.gt'),
      () => {
        f.get(size).get(n).f64Const(2).op('f64.div').get(sum).op('f64.div').op('f64.add').set(sum);
        f.get(n).f64Const(1).op('f64.sub').set(n);
      },
    );
    f.f64Const(1)
      .f64Const(1 / Math.sqrt(Math.PI))
      .get(square)
      .op('f64.neg')
      .call(exp)
      .op('f64.mul');
    f.get(sum).op('f64.div').op('f64.sub').get(0).op('f64.copysign').end().end().end();
  },
};

/** Replaces the float64 on the stack by its image. */
export function emitDoubleMath({ f, imports, shared }: CodeContext, name: UnaryName): void {
  const write = COMPOSED[name as Composed] as (typeof COMPOSED)[Composed] | undefined;
  if (write === undefined) f.call(imports[name as ImportName]);
  else f.call(shared.function(name, ['f64'], (own) => write(own, imports), ['f64']));
}

/**
 * Replaces the two float64 on the stack by the first to the power of the second, as IEEE 754, C and NumPy have it:
 * JavaScript gives NaN where the base is ±1 and the exponent NaN or infinite.
 */
export function emitDoublePower({ f, imports, shared }: CodeContext): void {
  const power = shared.function(
    'pow',
    ['f64', 'f64'],
    (own) => {
      const [x, y] = [0, 1];
      own.f64Const(1).get(x).get(y).call(imports.pow);
      own.get(x).f64Const(1).op('f64.eq').get(x).f64Const(-1).op('f64.eq');
      own.get(y).op('f64.abs').f64Const(Infinity).op('f64.eq').op('i32.and').op('i32.or').op('select');
    },
    ['f64'],
  );
  f.call(power);
}
