import { DownhillError } from './errors.js';

const KEY = Symbol.for('@downhill/tensor');

const loaded = globalThis as unknown as Record<symbol, string | undefined>;

/**
 * Where this copy comes from; some bundlers do not say. A module that is loaded again from the same place (hot reloading,
 * tests) is no second copy.
 */
const place = (import.meta.url as string | undefined)?.split('?')[0] ?? 'a bundle';

const other = loaded[KEY];
if (other !== undefined && other !== place) {
  throw new DownhillError(
    `two copies of @downhill/tensor are loaded, ${other} and ${place}; run "npm dedupe", or name one version ` +
      'under "overrides" in package.json',
  );
}
loaded[KEY] = place;
