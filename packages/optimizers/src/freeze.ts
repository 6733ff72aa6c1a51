import { defineOptimizer } from './define-optimizer.js';
import type { Optimizer } from './optimizer.js';
import { parameterGroups, type NamingOptions, type ParameterMatch } from './parameter-groups.js';

/** x ← x. */
const frozen = defineOptimizer({
  name: 'frozen',
  defaults: {},
  init: () => ({}),
  update: ({ parameter }) => ({ parameter, state: {} }),
});

/**
 * Leaves the parameters that match as they are, and gives the others to the optimizer. The gradients of frozen ones are not
 * even computed in a compiled step, unless something else needs them:
 * `freeze(adam(), { match: /^features\./, names: model.state() })`.
 *
 * A step throws, with nothing changed, if nothing matches.
 */
export function freeze(
  optimizer: Optimizer,
  { match, ...naming }: NamingOptions & { readonly match: ParameterMatch },
): Optimizer {
  return parameterGroups([{ match, optimizer: frozen() }, { optimizer }], naming);
}
