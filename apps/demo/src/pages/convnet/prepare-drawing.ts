/** A point of a drawing, in any unit; y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What was drawn without lifting the pen; one point alone is a dot. */
export type Stroke = readonly Point[];

/** Pixels of a digit's side, and of the box it is scaled into. */
const SIDE = 28;
const BOX = 20;
/** Half the width of the pen, in pixels of the prepared digit: strokes of MNIST are about two and a half wide. */
const RADIUS = 1.25;

/**
 * A drawing as the digits of MNIST are (LeCun et al. 1998): scaled into a box of 20 × 20 pixels with its proportions kept, put
 * on 28 × 28 so that the centre of its ink lies in the middle, edges smooth, 0 (paper) to 1 (ink). How large it was drawn, and
 * where, makes no difference. A box that would stick out is pushed back in.
 */
export function prepareDrawing(strokes: readonly Stroke[]): Float32Array {
  const points = strokes.flat();
  if (points.length === 0) return new Float32Array(SIDE * SIDE);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  // The pen's own width counts to the box; a dot stays a dot.
  const longest = Math.max(width, height);
  const scale = longest === 0 ? 1 : (BOX - 2 * RADIUS) / longest;
  const size = { x: width * scale, y: height * scale };
  const centered = { x: (SIDE - size.x) / 2, y: (SIDE - size.y) / 2 };
  const place = (offset: Point) =>
    strokes.map((stroke) =>
      stroke.map(({ x, y }) => ({ x: (x - left) * scale + offset.x, y: (y - top) * scale + offset.y })),
    );
  const mass = centerOfInk(paint(place(centered)));
  const inside = (offset: number, extent: number) =>
    Math.min(SIDE - RADIUS - extent, Math.max(RADIUS, offset));
  return paint(
    place({
      x: inside(centered.x + SIDE / 2 - mass.x, size.x),
      y: inside(centered.y + SIDE / 2 - mass.y, size.y),
    }),
  );
}

/** Where the ink of a prepared digit balances, in pixels from its upper left corner; the middle of an empty one. */
export function centerOfInk(ink: Float32Array): Point {
  let [sum, x, y] = [0, 0, 0];
  ink.forEach((value, i) => {
    sum += value;
    x += value * ((i % SIDE) + 0.5);
    y += value * (Math.floor(i / SIDE) + 0.5);
  });
  return sum === 0 ? { x: SIDE / 2, y: SIDE / 2 } : { x: x / sum, y: y / sum };
}

/** Round strokes whose edges fade over one pixel. */
function paint(strokes: readonly Stroke[]): Float32Array {
  const ink = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) {
    stroke.forEach((to, i) => {
      paintLine(ink, stroke[Math.max(0, i - 1)], to);
    });
  }
  return ink;
}

function paintLine(ink: Float32Array, from: Point, to: Point): void {
  const reach = RADIUS + 1;
  const [left, right] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach];
  const [top, bottom] = [Math.min(from.y, to.y) - reach, Math.max(from.y, to.y) + reach];
  for (let row = Math.max(0, Math.floor(top)); row < Math.min(SIDE, bottom); row++) {
    for (let column = Math.max(0, Math.floor(left)); column < Math.min(SIDE, right); column++) {
      const far = distance({ x: column + 0.5, y: row + 0.5 }, from, to);
      const i = row * SIDE + column;
      ink[i] = Math.max(ink[i], Math.min(1, Math.max(0, RADIUS + 0.5 - far)));
    }
  }
}

/** From a point to the nearest one between `from` and `to`. */
function distance(point: Point, from: Point, to: Point): number {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const length = along.x ** 2 + along.y ** 2;
  const share = length === 0 ? 0 : ((point.x - from.x) * along.x + (point.y - from.y) * along.y) / length;
  const nearest = Math.min(1, Math.max(0, share));
  return Math.hypot(point.x - from.x - nearest * along.x, point.y - from.y - nearest * along.y);
}
