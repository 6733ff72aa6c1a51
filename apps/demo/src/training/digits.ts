import { split, type Dataset } from '@downhill/data';
import { decodeSafetensors } from '@downhill/formats';

/** The split is the same on all pages, whatever is trained. */
const SPLIT = { counts: [8000, 2000], seed: 0 };

export interface Digits {
  /** 8,000 digits, [1, 28, 28] each, 0 (paper) to 1 (ink). */
  readonly training: Dataset;
  /** 2,000 that no network learns from. */
  readonly heldOut: Dataset;
}

let digits: Promise<Digits> | undefined;

/** The digits, loaded when they are first asked for. `folder` is the address the page was loaded from. */
export function loadDigits(folder: string): Promise<Digits> {
  digits ??= fetchDigits(new URL('digits.safetensors', folder)).catch((error: unknown) => {
    digits = undefined;
    throw error;
  });
  return digits;
}

async function fetchDigits(address: URL): Promise<Digits> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the digits: ${address.href} answered ${response.status}`);
  const { tensors } = decodeSafetensors(new Uint8Array(await response.arrayBuffer()), {
    source: address.href,
  });
  const [bytes, labels] = await Promise.all([tensors.images.data(), tensors.labels.data()]);
  const [training, heldOut] = split(
    {
      shape: [1, 28, 28],
      images: Float32Array.from(bytes, (byte) => Number(byte) / 255),
      labels: Int32Array.from(labels, Number),
    },
    SPLIT,
  );
  return { training, heldOut };
}
