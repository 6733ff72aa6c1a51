import { sizeOf, ShapeError, formatShape, type Shape } from '@downhill/tensor';

/** Labelled examples, on the host: image after image, and a label for each. */
export interface Dataset {
  /** The shape of one image: [784] for a flat digit. */
  readonly shape: Shape;
  /** All images, one after another: labels.length × the size of `shape` numbers. */
  readonly images: Float32Array;
  /** The class of each image. */
  readonly labels: Int32Array;
}

/** Throws a ShapeError unless there are as many images as labels; `where` begins the message. */
export function checkDataset({ shape, images, labels }: Dataset, where: string): void {
  if (images.length !== labels.length * sizeOf(shape)) {
    throw new ShapeError(
      `${where}: ${labels.length} labels want ${labels.length} images of shape ${formatShape(shape)}, ` +
        `${labels.length * sizeOf(shape)} numbers; got ${images.length}`,
    );
  }
}

/** The examples at `places`, in that order, copied. */
export function takeExamples({ shape, images, labels }: Dataset, places: Uint32Array): Dataset {
  const size = sizeOf(shape);
  const taken = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    taken.set(images.subarray(place * size, (place + 1) * size), i * size);
  });
  return { shape, images: taken, labels: Int32Array.from(places, (place) => labels[place]) };
}
