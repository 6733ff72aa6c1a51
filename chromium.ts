import { existsSync } from 'node:fs';

/** A Chromium that is there already, or undefined: nothing is downloaded. CHROMIUM_PATH names one elsewhere. */
export function findChromium(): string | undefined {
  const asked = process.env.CHROMIUM_PATH;
  if (asked !== undefined) {
    if (!existsSync(asked)) throw new Error(`CHROMIUM_PATH names no file: ${asked}`);
    return asked;
  }
  const found = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ].find((path) => existsSync(path));
  if (found === undefined) {
    console.warn('\nSKIPPED: no browser tests ran, for no Chromium was found. Name one in CHROMIUM_PATH.\n');
  }
  return found;
}

export const chromiumArguments = [
  '--no-sandbox', // Chromium refuses to start as root without it, and root is who runs in containers.
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
