import { DropConnect, Dropout } from '@downhill/regularization';
import { constant, Linear } from '@downhill/layers';
import { eye, generator, ones, transpose, type Generator } from '@downhill/tensor';

/** Units of each layer of the network that is drawn: inputs, two hidden layers, outputs. */
export const LAYERS = [5, 7, 6, 3] as const;

/** Which units and which edges a step keeps. */
export interface DrawnMask {
  /** For each layer, whether each unit is kept. */
  readonly units: readonly (readonly boolean[])[];
  /** For each layer but the first, [its unit][unit before], whether the edge is kept. */
  readonly edges: readonly (readonly (readonly boolean[])[])[];
}

/** What drops: units, as dropout has it, or edges, as DropConnect has it. */
export type Kind = 'units' | 'edges';

/** Draws a new mask at each call of `next`, from a generator of its own. */
export class MaskDrawer {
  readonly #generator: Generator;

  constructor(seed = 0) {
    this.#generator = generator(seed);
  }

  /** The mask of a training step, in which outputs are never dropped. `share` is the fraction that is; it is held within 0 and 0.9. */
  next(kind: Kind, share: number): DrawnMask {
    const rate = Math.min(0.9, Math.max(0, share));
    const last = LAYERS.length - 1;
    return {
      units: LAYERS.map((count, layer) =>
        kind === 'units' && layer < last
          ? this.#units(count, rate)
          : Array.from({ length: count }, () => true),
      ),
      edges: LAYERS.slice(1).map((count, layer) => {
        const before = LAYERS[layer];
        const kept =
          kind === 'edges'
            ? this.#edges(before, count, rate)
            : Array.from({ length: count * before }, () => true);
        return Array.from({ length: count }, (_, i) => kept.slice(i * before, (i + 1) * before));
      }),
    };
  }

  /** Dropout of ones: what is not 0 was kept. */
  #units(count: number, rate: number): boolean[] {
    const dropout = new Dropout(rate, { generator: this.#generator });
    return Array.from(
      dropout.forward(ones([count]), { training: true }).dataSync(),
      (value) => Number(value) > 0,
    );
  }

  /** DropConnect of weights of one, each asked for by an input that is 1 in one place: what is not 0 was kept. */
  #edges(inputs: number, outputs: number, rate: number): boolean[] {
    const weights = new Linear(inputs, outputs, { bias: false, initializer: constant(1) });
    const layer = new DropConnect(weights, rate, { generator: this.#generator });
    const seen = transpose(layer.forward(eye(inputs), { training: true }));
    return Array.from(seen.dataSync(), (value) => Number(value) > 0);
  }
}

/** How many of what could drop did. */
export function countDropped({ units, edges }: DrawnMask, kind: Kind): { dropped: number; of: number } {
  const all = kind === 'units' ? units.slice(0, -1).flat() : edges.flat(2);
  return { dropped: all.filter((kept) => !kept).length, of: all.length };
}
