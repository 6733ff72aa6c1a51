import { random, type Generator, type Shape } from '@downhill/tensor';

/** `count` different places in a tensor of `size` elements, all of them if there are no more; ascending. */
export async function drawPlaces(size: number, count: number, generator: Generator): Promise<number[]> {
  if (size <= count) return Array.from({ length: size }, (_, i) => i);
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const shares = await random.uniform([count], { dtype: 'float64', generator }).data();
    for (const share of shares) if (drawn.size < count) drawn.add(Math.floor(share * size));
  }
  return [...drawn].sort((a, b) => a - b);
}

/** The index along each axis of an element in row-major order. */
export function indexAt(place: number, shape: Shape): number[] {
  let rest = place;
  return shape
    .toReversed()
    .map((extent) => {
      const index = rest % extent;
      rest = (rest - index) / extent;
      return index;
    })
    .reverse();
}
