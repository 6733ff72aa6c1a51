import { seriesStyle } from '../theme.js';

/** How a racer is drawn: by colour, dashes and shape, any two of which tell it from the others. */
export interface Mark {
  readonly color: string;
  readonly dash: number[];
  /** Outline of its marker around 0, as an SVG path. */
  readonly path: string;
  /** Whether the marker is drawn as a ring; two racers of the same shape differ in this. */
  readonly hollow: boolean;
}

const SHAPES = [
  'M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z', // circle
  'M-4.5-4.5H4.5V4.5H-4.5Z', // square
  'M0-5.8L5.5 4H-5.5Z', // triangle
  'M0-6.2L6.2 0L0 6.2L-6.2 0Z', // diamond
  'M0 5.8L5.5-4H-5.5Z', // triangle upside down
  'M-1.9-5.5H1.9V-1.9H5.5V1.9H1.9V5.5H-1.9V1.9H-5.5V-1.9H-1.9Z', // plus
  'M0-6.4L1.7-2.1L6.2-1.9L2.7 1L3.9 5.4L0 2.9L-3.9 5.4L-2.7 1L-6.2-1.9L-1.7-2.1Z', // star
  'M0-6L5.2-3V3L0 6L-5.2 3V-3Z', // hexagon
];

/** The mark of the i-th racer. */
export function markOf(i: number): Mark {
  return {
    ...seriesStyle(i),
    path: SHAPES[i % SHAPES.length],
    hollow: Math.floor(i / SHAPES.length) % 2 === 1,
  };
}
