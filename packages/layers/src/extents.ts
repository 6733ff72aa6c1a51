import { ShapeError } from '@downhill/tensor';

/** Throws a ShapeError unless all sizes of a layer are whole numbers of at least 1; `name` begins the message. */
export function checkExtents(name: string, sizes: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(sizes).find(([, size]) => !(Number.isInteger(size) && size >= 1));
  if (wrong === undefined) return;
  throw new ShapeError(`${name}: expected ${wrong[0]} to be a whole number of at least 1, got ${wrong[1]}`);
}
