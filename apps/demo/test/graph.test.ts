import { kernelCosts } from '@downhill/tensor';
import { describe, expect, it } from 'vitest';
import { layOut } from '../src/pages/graph/layout.js';
import { trace, traceStep, type Operation } from '../src/pages/graph/step-graph.js';

const options = { layers: 'conv 8 5, relu, max 2, linear 10', rule: 'adam', batchSize: 4 };
const graph = traceStep(options);
const { program } = trace(options);
const find = (wanted: Partial<Operation>) =>
  graph.operations.filter((operation) =>
    Object.entries(wanted).every(([key, value]) => operation[key as keyof Operation] === value),
  );

describe('a training step as a graph', () => {
  it('has far fewer kernels than operations, as many as the program, at the same costs', () => {
    const costs = kernelCosts(program);
    expect(graph.kernels.map(({ flops, bytes }) => ({ flops, bytes }))).toEqual(
      costs.map(({ flops, bytes }) => ({ flops, bytes })),
    );
    expect(graph.totals).toMatchObject({
      kernels: program.kernels.length,
      arenaBytes: program.arenaBytes,
      flopsAfter: costs.reduce((sum, { flops }) => sum + flops, 0),
      trafficAfter: costs.reduce((sum, { bytes }) => sum + bytes, 0),
    });
    expect(graph.totals.kernels).toBeLessThan(graph.totals.operations / 4);
    expect(graph.totals.intermediateBytes).toBeLessThan(graph.totals.resultBytes);
  });

  it('counts what a convolution and a fully connected layer cost, by hand', () => {
    // 2 · 4 images · 8 channels · 28² places · 5² weights, in a float32 of 4 · 8 · 28² elements.
    expect(find({ name: 'sum of products', part: 'forward', layer: 0 })).toMatchObject([
      { flops: 2 * 4 * 8 * 784 * 25, bytes: 4 * 4 * 8 * 784, shape: [4, 8, 28, 28] },
    ]);
    // Forward, and back to the layer's input and to its weights: three products of one size.
    const products = find({ name: 'sum of products', layer: 3 }).filter(({ shape }) => shape.length === 2);
    expect(products.map(({ flops }) => flops)).toEqual(new Array(3).fill(2 * 4 * 1568 * 10));
    expect(products.map(({ part }) => part)).toEqual(['forward', 'backward', 'backward']);
  });

  it('tells forward, backward and update apart, and layers', () => {
    expect(graph.layers).toEqual(['conv 8 5', 'relu', 'max 2', 'linear 10', 'loss']);
    expect(find({ part: 'forward', layer: 1 }).map(({ name }) => name)).toEqual(['maximum']);
    expect(find({ part: 'forward', layer: 2 }).map(({ name }) => name)).toEqual(['max']);
    expect(find({ name: 'log' })).toMatchObject([{ part: 'forward', layer: 4 }]);
    // Adam takes one root for each of four parameters, and one for its bias correction.
    expect(find({ name: 'sqrt' }).map(({ part }) => part)).toEqual(new Array(5).fill('update'));
    expect(
      find({ name: 'sqrt' })
        .map(({ layer }) => layer)
        .sort(),
    ).toEqual([0, 0, 3, 3, 4]);
    const place = ({ part }: { readonly part: string }) => ['forward', 'backward', 'update'].indexOf(part);
    const byId = new Map(graph.operations.map((operation) => [operation.id, operation]));
    for (const operation of graph.operations) {
      for (const input of operation.inputs) {
        expect(place(byId.get(input) ?? operation)).toBeLessThanOrEqual(place(operation));
      }
    }
  });

  it('finds each operation in a kernel, and each result that is read in a kernel before', () => {
    const computed = graph.operations.filter(({ role }) => role === 'computed');
    expect(computed.filter(({ kernels }) => kernels.length === 0)).toEqual([]);
    for (const { id, inputs } of graph.kernels) for (const input of inputs) expect(input).toBeLessThan(id);
  });

  it('has no update nodes but those of sgd, one subtraction a parameter, with that rule', () => {
    const updates = traceStep({ ...options, rule: 'sgd' }).operations.filter(({ part }) => part === 'update');
    expect(updates.filter(({ name }) => name === 'sub')).toHaveLength(4);
    expect(updates.length).toBeLessThan(find({ part: 'update' }).length / 3);
  });

  it('says what is wrong with layers that do not fit', () => {
    expect(() => traceStep({ ...options, layers: 'konv 8' })).toThrow(/there is no "konv"/);
  });
});

it('places boxes below what they come after, without overlap', () => {
  const items = graph.operations.map(({ id, inputs }) => ({ id, inputs }));
  const { boxes, lines, width, height } = layOut(items);
  const at = new Map(boxes.map((box) => [box.id, box]));
  for (const { from, to } of lines) expect(at.get(from)?.y).toBeLessThan(at.get(to)?.y ?? 0);
  expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(items.length);
  for (const { x, y } of boxes) expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
});
