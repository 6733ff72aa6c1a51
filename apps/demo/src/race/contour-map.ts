import { contours } from 'd3-contour';
import { contourLevels } from './levels.js';
import type { Heights } from './trajectory.js';

const LEVELS = 16;

/** A surface over a region, and its contours. */
export interface ContourMap extends Heights {
  /**
   * For each level, from the highest down, the rings around what lies below it: column and row of each corner by turns, where the
   * value of a cell stands in its middle.
   */
  readonly layers: readonly (readonly Float32Array[])[];
}

/** The contours of a surface. It takes some milliseconds, so workers do it. */
export function contourMap(heights: Heights): ContourMap {
  const { columns, rows, values } = heights;
  const levels = contourLevels(values, LEVELS).reverse();
  // d3 encloses what is above a level; here it is what is below.
  const layers = contours()
    .size([columns, rows])
    .thresholds(levels.map((level) => -level))(Array.from(values, (value) => -value));
  return {
    ...heights,
    layers: layers.map(({ coordinates }) => coordinates.flat().map((ring) => Float32Array.from(ring.flat()))),
  };
}
