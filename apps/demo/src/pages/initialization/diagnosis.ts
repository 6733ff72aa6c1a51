import type { LayerView } from './deep-network.js';

/** What a start does to a network. */
export interface Diagnosis {
  readonly alive: boolean;
  /** One sentence. */
  readonly text: string;
}

/** Reads the layers as one would: the first thing that is wrong, from the bottom up. */
export function diagnose(layers: readonly LayerView[]): Diagnosis {
  const first = layers[0];
  const top = layers[layers.length - 1];
  const sick = (text: string): Diagnosis => ({ alive: false, text });
  // A gradient of deviation 1 comes in at the top.
  const passing = `of the gradient ${short(first.gradient)} is left at the first layer`;
  if (top.deviation < 0.02) {
    return sick(
      `Everything goes to one value: deviation ${short(top.deviation)} at the top; ${passing}. ` +
        'Nothing tells examples apart, so there is nothing to learn from.',
    );
  }
  if (top.deviation < 0.1 * first.deviation) {
    return sick(
      `Fading: deviation ${short(first.deviation)} at the first layer, ${short(top.deviation)} at the top; ${passing}.`,
    );
  }
  if (top.deviation > 10) {
    return sick(`Signals explode: deviation ${short(top.deviation)} at the top, and the gradient with them.`);
  }
  if (Math.min(top.shares[0], top.shares[top.shares.length - 1]) > 0.2) {
    return sick(
      `Saturated: ${percent(top.flat)} of what the top units say lies at an end, where the slope is next to nothing.`,
    );
  }
  if (first.gradient < 0.02) return sick(`The gradient vanishes: ${passing}.`);
  if (first.gradient > 50) return sick(`The gradient explodes: ${passing}.`);
  return {
    alive: true,
    text: `Alive: deviation ${short(top.deviation)} at the top, ${passing}.`,
  };
}

export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 0.001 && size < 1000 ? Number(value.toPrecision(2)).toString() : value.toExponential(1);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}
