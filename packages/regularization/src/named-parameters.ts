import { DownhillError, type Variable } from '@downhill/tensor';
import type { Module } from '@downhill/layers';

/** A pattern that a parameter's dotted name must match, or a function that decides. */
export type ParameterChoice = RegExp | ((name: string, parameter: Variable) => boolean);

export interface ChoiceOptions {
  /** Which parameters; by default those called weight that have two axes or more, so no biases and no gains of norms. */
  readonly choose?: ParameterChoice;
}

const WEIGHTS: ParameterChoice = (name, { rank }) => rank >= 2 && /weight$/i.test(name);

/** The trainable variables of a model that a choice picks by name; none at all is an error that lists the names. */
export function namedParameters(model: Module, { choose = WEIGHTS }: ChoiceOptions = {}): Variable[] {
  const all = Object.entries(model.state()).filter(([, { trainable }]) => trainable);
  const chosen = all.filter(([name, parameter]) =>
    // search, unlike test, does not remember where a global pattern stopped.
    choose instanceof RegExp ? name.search(choose) >= 0 : choose(name, parameter),
  );
  if (chosen.length === 0) {
    throw new DownhillError(
      `namedParameters: the choice picks none of the model's parameters, ${all.map(([name]) => name).join(', ')}`,
    );
  }
  return chosen.map(([, parameter]) => parameter);
}
