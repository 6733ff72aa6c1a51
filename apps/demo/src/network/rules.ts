import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  amsgrad,
  lamb,
  lion,
  momentum,
  nadam,
  nesterov,
  radam,
  rmsprop,
  sgd,
  type Optimizer,
} from '@downhill/optimizers';
import type { Schedule } from '@downhill/schedules';

/** Makes an optimizer; every rule has a learning rate. */
type RuleFactory = (options: Readonly<Record<string, number | Schedule>>) => Optimizer;

/** A rule one can choose. */
export interface Rule {
  /** How it is written on the page. */
  readonly title: string;
  readonly make: RuleFactory;
  /** Its numbers, and what they are by default. */
  readonly options: Readonly<Record<string, number>>;
}

function rule(
  title: string,
  factory: RuleFactory & { readonly rule: { readonly defaults: Readonly<Record<string, unknown>> } },
): Rule {
  const numbers = Object.entries(factory.rule.defaults).filter(([, value]) => typeof value === 'number');
  return { title, make: factory, options: Object.fromEntries(numbers) as Record<string, number> };
}

/** The built-in update rules of first order, by name, but for Muon, which takes matrices alone. */
export const rules: Readonly<Record<string, Rule>> = {
  sgd: rule('SGD', sgd),
  momentum: rule('Momentum', momentum),
  nesterov: rule('Nesterov', nesterov),
  adagrad: rule('AdaGrad', adagrad),
  adadelta: rule('AdaDelta', adadelta),
  rmsprop: rule('RMSProp', rmsprop),
  adam: rule('Adam', adam),
  adamw: rule('AdamW', adamw),
  adamax: rule('AdaMax', adamax),
  amsgrad: rule('AMSGrad', amsgrad),
  nadam: rule('NAdam', nadam),
  radam: rule('RAdam', radam),
  lion: rule('Lion', lion),
  lamb: rule('LAMB', lamb),
};
