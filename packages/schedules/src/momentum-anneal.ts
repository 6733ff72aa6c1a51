import { checkSetting, type Schedule } from './schedule.js';

export interface MomentumAnnealOptions {
  /** The momentum at step 0; from 0 to below 1, 0.5 by default. */
  readonly initial?: number;
  /** The momentum from step `steps` on; from 0 to below 1, 0.99 by default. */
  readonly final?: number;
  /** How many steps the way takes; above 0. */
  readonly steps: number;
}

/**
 * Momentum that grows while the gradients settle: 0.5 → 0.99. A momentum μ averages over the last 1 / (1 − μ) gradients or
 * so; this number grows evenly from step to step, as in Sutskever et al. (2013), equation 5, there in stairs.
 */
export function momentumAnneal({ initial = 0.5, final = 0.99, steps }: MomentumAnnealOptions): Schedule {
  for (const [name, value] of Object.entries({ initial, final })) {
    checkSetting(`momentumAnneal: ${name}`, value, { least: 0 });
    if (value >= 1)
      throw new RangeError(`momentumAnneal: ${name}: expected a finite number below 1, got ${value}`);
  }
  checkSetting('momentumAnneal: steps', steps, { least: 0, exclusive: true });
  const [from, to] = [1 / (1 - initial), 1 / (1 - final)];
  return (step) => (step >= steps ? final : 1 - 1 / (from + (to - from) * (step / steps)));
}
