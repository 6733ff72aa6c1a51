import { compile, sum, tensor, variable, type Tensor, type Variable } from '@downhill/tensor';
import type { DirectionRule } from './direction-rule.js';
import { read, type FlatObjective } from './flat-objective.js';

/** How a method goes on from point to point. Both functions turn to a new direction, and return the slope along it. */
export interface Walker {
  /** c₂ of its line search. */
  readonly curvature: number;
  /** Whether its directions have a length of their own, so that 1 is the step to try: from the first on, or once it has learned. */
  readonly scaled: 'always' | 'learned' | 'never';
  /** Takes the point it stands at as the first, whatever it learned before; the gradient has been probed there. */
  begin(): Promise<number>;
  /** Steps to where it was probed last. */
  step(length: number): Promise<number>;
}

/** Walks by a rule over tensors: a step, with all that is learned from it, is one program. */
export function ruleWalker(objective: FlatObjective, { init, next, ...traits }: DirectionRule): Walker {
  const state = new Map<string, Variable>();
  const initial = init(objective.size);
  for (const [name, value] of Object.entries(initial)) {
    state.set(name, variable(value, { name: `minimize.${name}`, trainable: false }));
  }
  const { direction, gradient, probed } = objective;

  const begin = compile(() => {
    gradient.assign(probed);
    direction.assign(probed.neg());
    for (const [name, value] of Object.entries(init(objective.size))) state.get(name)?.assign(value);
    return sum(probed.square()).neg();
  });
  const step = compile((length: Tensor) => {
    const before = { oldGradient: gradient.value, oldDirection: direction.value };
    const moved = objective.move(length);
    const old = Object.fromEntries([...state].map(([name, { value }]) => [name, value]));
    const turned = next({ gradient: gradient.value, ...before, ...moved, state: old });
    direction.assign(turned.direction);
    for (const [name, value] of Object.entries(turned.state)) state.get(name)?.assign(value);
    return sum(turned.direction.mul(gradient));
  });
  return {
    ...traits,
    begin: () => read(begin()),
    step: (length) => read(step(tensor(length, { dtype: 'float64' }))),
  };
}
