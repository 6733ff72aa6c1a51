import { wasm } from '@downhill/backend-wasm';
import { smallVgg } from '@downhill/convnets';
import { flip, shift, split } from '@downhill/data';
import { adam } from '@downhill/optimizers';
import { linear } from '@downhill/schedules';
import { generator, setBackend } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadDigits } from '../src/digits.js';
import type { Shelf } from '../src/experiment.js';
import { learn, scoreOn, type Learning } from '../src/learn.js';

beforeAll(async () => {
  setBackend(await wasm());
});

/** A training in which everything happens that has a state: moments, a schedule, running statistics, masks, augmentation. */
async function training(): Promise<Learning> {
  const [digits] = split((await loadDigits({ flat: false })).training, { counts: [60, 7940], seed: 0 });
  const source = generator(5);
  return {
    model: smallVgg({ channels: 1, width: 4, generator: source }),
    optimizer: adam({ learningRate: linear({ initial: 0.01, final: 0.001, steps: 9 }) }),
    training: digits,
    epochs: 3,
    batch: 20,
    seed: 2,
    augmentations: [flip(), shift({ pixels: 1 })],
    generators: [source],
  };
}

describe('a training that is stopped', () => {
  it('goes on from the last epoch that was finished, to the bit', async () => {
    const straight = await training();
    const scores = await learn(straight, () => Promise.resolve());

    let kept: Uint8Array | undefined;
    const shelf = (): Shelf => ({ bytes: kept, put: (bytes) => (kept = bytes) });
    // Stops in the middle of the third epoch.
    const stopped = learn(
      await training(),
      (share) => (share > 0.8 ? Promise.reject(new Error('stop')) : Promise.resolve()),
      shelf(),
    );
    await expect(stopped).rejects.toThrow('stop');

    const resumed = await training();
    let looks = 0;
    const again = await learn(
      resumed,
      (share) => {
        looks++;
        expect(share).toBeGreaterThan(2 / 3);
        return Promise.resolve();
      },
      shelf(),
    );
    expect(looks).toBe(3);
    expect(again).toEqual(scores);
    expect(await scoreOn(resumed.model, resumed.training)).toEqual(
      await scoreOn(straight.model, straight.training),
    );
  }, 120_000);
});
