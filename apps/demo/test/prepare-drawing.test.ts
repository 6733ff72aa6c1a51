import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centerOfInk, prepareDrawing } from '../src/pages/convnet/prepare-drawing.js';

const coordinate = fc.integer({ min: 0, max: 100 });
const point = fc.record({ x: coordinate, y: coordinate });
const drawing = fc.array(fc.array(point, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });

/** Rows and columns from the first with ink to the last. */
function extent(ink: Float32Array): { rows: number[]; columns: number[] } {
  const places = [...ink.keys()].filter((i) => ink[i] > 0);
  const ends = (values: number[]) => [Math.min(...values), Math.max(...values)];
  return { rows: ends(places.map((i) => Math.floor(i / 28))), columns: ends(places.map((i) => i % 28)) };
}

describe('a drawing', () => {
  it('fills a box of 20 pixels in its longer direction, wherever and however large it was drawn', () => {
    fc.assert(
      fc.property(drawing, (strokes) => {
        const points = strokes.flat();
        const span = (values: number[]) => Math.max(...values) - Math.min(...values);
        fc.pre(Math.max(span(points.map(({ x }) => x)), span(points.map(({ y }) => y))) > 0);
        const { rows, columns } = extent(prepareDrawing(strokes));
        const longest = Math.max(rows[1] - rows[0], columns[1] - columns[0]) + 1;
        // Smooth edges fade into a pixel or two beyond.
        expect(longest).toBeGreaterThanOrEqual(19);
        expect(longest).toBeLessThanOrEqual(22);
      }),
    );
  });

  it('is the same when it was drawn elsewhere, or twice as large', () => {
    fc.assert(
      fc.property(drawing, coordinate, coordinate, (strokes, dx, dy) => {
        const moved = strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: 2 * x + dx, y: 2 * y + dy })));
        const [first, second] = [prepareDrawing(strokes), prepareDrawing(moved)];
        expect(Math.max(...first.map((ink, i) => Math.abs(ink - second[i])))).toBeLessThan(1e-4);
      }),
    );
  });

  it('has the centre of its ink in the middle', () => {
    // A seven: most of its ink is above and to the right.
    const seven = [
      [
        { x: 10, y: 10 },
        { x: 60, y: 10 },
        { x: 30, y: 90 },
      ],
    ];
    const { x, y } = centerOfInk(prepareDrawing(seven));
    expect(x).toBeCloseTo(14, 1);
    expect(y).toBeCloseTo(14, 1);
  });

  it('is paper where nothing was drawn, and a dot where the pen only touched', () => {
    expect(prepareDrawing([])).toEqual(new Float32Array(784));
    const dot = prepareDrawing([[{ x: 5, y: 5 }]]);
    // A disc with the pen's radius of 1.25 pixels.
    expect(dot.reduce((sum, ink) => sum + ink, 0)).toBeGreaterThan(Math.PI * 1.25 ** 2 - 0.7);
    expect(dot.reduce((sum, ink) => sum + ink, 0)).toBeLessThan(Math.PI * 1.25 ** 2 + 0.7);
  });
});
