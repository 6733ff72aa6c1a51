import { zeros } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';
import { buildNetwork, layerKinds, parseLayers, writeLayers } from '../src/network/layers.js';

describe('a network written as text', () => {
  it('is built with the shapes that its layers say', () => {
    const text =
      'conv 8 5, norm, relu, max 2, conv 4 3, tanh, average 2, dropout 0.5, dropconnect 20 0.5, linear 10';
    const { model, layers } = buildNetwork(text, [1, 28, 28]);
    expect(layers.map(({ shape }) => shape)).toEqual([
      [8, 28, 28],
      [8, 28, 28],
      [8, 28, 28],
      [8, 14, 14],
      [4, 14, 14],
      [4, 14, 14],
      [4, 7, 7],
      [4, 7, 7],
      [20],
      [10],
    ]);
    expect(model.forward(zeros([3, 1, 28, 28])).shape).toEqual([3, 10]);
  });

  it('is written as it was read', () => {
    const text = Object.entries(layerKinds)
      .map(([kind, { numbers }]) => [kind, ...Object.values(numbers)].join(' '))
      .join(', ');
    expect(writeLayers(parseLayers(text))).toBe(text);
  });

  it('starts equal for equal seeds', async () => {
    const weights = async (seed: number) =>
      (await buildNetwork('linear 3', [1, 2, 2], { seed }).model.parameters()[0].value.data()).slice();
    expect(await weights(1)).toEqual(await weights(1));
    expect(await weights(1)).not.toEqual(await weights(2));
  });

  it('says what it cannot read, and what would do', () => {
    expect(() => parseLayers('konv 8 5')).toThrow(/no "konv"; expected one of conv, max/);
    expect(() => parseLayers('conv 8')).toThrow(/"conv 8": expected conv <channels> <size>/);
    expect(() => parseLayers('linear -3')).toThrow(/expected linear <units>/);
    expect(() => buildNetwork('linear 9, conv 8 5', [1, 28, 28])).toThrow(
      /comes after a fully connected layer/,
    );
    expect(() => buildNetwork(' , ', [1, 28, 28])).toThrow(/at least one/);
  });
});
