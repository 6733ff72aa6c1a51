import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages } from '../src/pages.js';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

/** What comes up late, and is to be judged. */
const drawn: Readonly<Record<string, string>> = {
  graph: '.graph-view .box',
  'own-optimizer': '.cm-editor',
};

describe.each(pages.map(({ name, title }) => ({ name, title })))('$title', ({ name, title }) => {
  it.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 360 },
  ] as const)('passes axe and fits, $colorScheme and $width pixels wide', async ({ colorScheme, width }) => {
    const { page, faults } = await site.visit(name, { colorScheme, viewport: { width, height: 800 } });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(title);
    if (Object.hasOwn(drawn, name)) await page.locator(drawn[name]).first().waitFor();
    expect(await Site.violations(page)).toEqual([]);
    // Nothing sticks out to the right.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
