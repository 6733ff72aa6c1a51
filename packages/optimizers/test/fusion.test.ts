import { compile, sub, tensor, variable, zeros, zerosLike, type Tensor } from '@downhill/tensor';
import {
  accumulateGradients,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  amsgrad,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  decoupledWeightDecay,
  defineOptimizer,
  exponentialMovingAverage,
  lamb,
  lion,
  lookahead,
  momentum,
  muon,
  nadam,
  nesterov,
  parameterGroups,
  polyakAverage,
  radam,
  rmsprop,
  sgd,
  skipNonFinite,
  weightDecay,
  type Optimizer,
} from '@downhill/optimizers';
import { expect, it } from 'vitest';

const SHAPE = [48, 64];
const ELEMENTS = '[3072]';

/** The kernels of a compiled step over two matrices: what each does, and the extents of its loops. */
function kernelsOf(optimizer: Optimizer): { operations: string; loops: string }[] {
  const parameters = [variable(zeros(SHAPE), { name: 'a' }), variable(zeros(SHAPE), { name: 'b' })];
  const step = compile((...gradients: Tensor[]) => {
    optimizer.step(parameters, gradients);
  });
  const example = [zeros(SHAPE), zeros(SHAPE)];
  const rows = step
    .explain(...example)
    .split('\n')
    .flatMap((line) => {
      const found = /^\d+\s+(\S.*?)\s+(\[.*\])\s+\d+\s+\d+$/.exec(line);
      return found === null ? [] : [{ operations: found[1], loops: found[2] }];
    });
  expect(rows).toHaveLength(step.program(...example).kernels.length);
  return rows;
}

/** A stranger's rule, from nothing but the public interface. */
const stranger = defineOptimizer({
  name: 'stranger',
  defaults: { learningRate: 0.1, decay: 0.9 },
  init: (parameter) => ({ scale: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options: { learningRate, decay }, step }) => {
    const scale = state.scale.mul(decay).maximum(gradient.abs());
    const rate = learningRate.div(sub(1, decay.pow(step)));
    return { parameter: parameter.sub(gradient.tanh().mul(rate).div(scale.add(1))), state: { scale } };
  },
});

it.each<[string, Optimizer]>([
  ['sgd', sgd()],
  ['momentum', momentum()],
  ['nesterov', nesterov()],
  ['adagrad', adagrad()],
  ['adadelta', adadelta()],
  ['rmsprop', rmsprop()],
  ['rmsprop, centered, with momentum', rmsprop({ centered: true, momentum: 0.9 })],
  ['adam', adam()],
  ['adam, uncorrected', adam({ biasCorrection: false })],
  ['adam, on a schedule', adam({ learningRate: (step) => 1 / (step + 1) })],
  ['adamw', adamw()],
  ['adamax', adamax()],
  ['amsgrad', amsgrad()],
  ['nadam', nadam()],
  ['radam', radam()],
  ['lion', lion()],
  ['a stranger’s rule', stranger()],
])('%s is one loop over parameter, gradient and state, and one scalar kernel for all', (_, optimizer) => {
  const kernels = kernelsOf(optimizer);
  expect(kernels.filter(({ loops }) => loops === ELEMENTS)).toHaveLength(2);
  // The count of steps and what follows from it alone; nadam has a scalar of state for each parameter.
  const scalar = kernels.filter(({ loops }) => loops === '[]');
  expect(scalar.length).toBeLessThanOrEqual(optimizer.state().variables['0.a.product'] ? 2 : 1);
  expect(kernels).toHaveLength(2 + scalar.length);
});

it.each<[string, Optimizer]>([
  ['decay, coupled and not', weightDecay(decoupledWeightDecay(adam()))],
  ['clipping by value', clipByValue(momentum())],
  ['an average of the parameters', exponentialMovingAverage(adam())],
  ['Polyak’s average', polyakAverage(sgd())],
  ['lookahead', lookahead(adam())],
  ['accumulation', accumulateGradients(adam())],
  ['groups', parameterGroups([{ match: /a/, optimizer: adam() }, { optimizer: sgd() }])],
])('%s costs no loop of its own', (_, optimizer) => {
  const kernels = kernelsOf(optimizer);
  expect(kernels.filter(({ loops }) => loops === ELEMENTS)).toHaveLength(2);
  expect(kernels.filter(({ loops }) => loops === '[]').length).toBeLessThanOrEqual(4);
  expect(kernels.filter(({ operations }) => /sum|prod/.test(operations))).toHaveLength(0);
});

it.each<[string, Optimizer]>([
  ['clipping by the global norm', clipByGlobalNorm(adam())],
  ['clipping by norms', clipByNorm(adam())],
  ['skipping what is not finite', skipNonFinite(adam())],
])('%s reads each gradient once more', (_, optimizer) => {
  const kernels = kernelsOf(optimizer);
  // Two updates are one loop or two; so are two totals.
  const loops = kernels.filter((each) => each.loops === ELEMENTS).length;
  expect([1, 2]).toContain(loops);
  const totals = kernels.filter(({ operations }) => /sum|prod/.test(operations)).length;
  expect([1, 2]).toContain(totals);
  expect(kernels.length).toBeLessThanOrEqual(2 + 2 + 2);
});

it('lamb needs two norms, so two sums, the direction between them, and the update', () => {
  const kernels = kernelsOf(lamb());
  expect(kernels.filter(({ operations }) => operations.includes('sum'))).toHaveLength(4);
  expect(kernels).toHaveLength(2 * 4 + 1);
});

it('muon needs the velocity, a norm, the quotient, and three products in each of five iterations', () => {
  const kernels = kernelsOf(muon());
  // The last product takes the update of the parameter behind it.
  expect(kernels.filter(({ operations }) => operations.startsWith('mul sum'))).toHaveLength(2 * 15);
  expect(kernels).toHaveLength(2 * 18 + 1);
});

it('a parameter of a network is updated in the kernel that its gradient comes from, if that is one loop', () => {
  const x = variable(tensor([1, 2, 3]));
  const optimizer = adam();
  const step = compile(() => {
    optimizer.step([x], [x.value.sin().mul(3)]);
  });
  expect(step.program().kernels).toHaveLength(2);
});
