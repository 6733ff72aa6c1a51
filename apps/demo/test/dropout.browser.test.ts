import type { Locator } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

/** The figure under a name. */
async function figure(region: Locator, name: string): Promise<number> {
  const text = await region.locator('dt', { hasText: name }).locator('xpath=../dd').first().textContent();
  return Number.parseFloat(text ?? '');
}

describe('dropout', () => {
  it('shrinks the gap to held-out digits, and its average of many passes is close to the scaled one', async () => {
    const { page, faults } = await site.visit('dropout?steps=400&passes=200', {
      viewport: { width: 360, height: 800 },
    });
    await page.getByRole('button', { name: 'Train' }).click();
    const probabilities = page.getByRole('region', { name: 'Probabilities of the classes' });
    await probabilities.waitFor({ timeout: 60_000 });
    // Nothing sticks out to the right of a phone, whatever has appeared.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await Site.violations(page)).toEqual([]);
    const rows = page.getByRole('region', { name: 'How each does' }).locator('tbody tr');
    const losses = await Promise.all(
      (await rows.all()).map(async (row) =>
        (await row.locator('td').allTextContents()).slice(0, 2).map(Number),
      ),
    );
    const [plain, dropout, dropConnect] = losses;
    for (const [training, heldOut] of losses) expect(heldOut).toBeGreaterThan(training);
    expect(dropout[1]).toBeLessThan(plain[1]);
    expect(dropConnect[1]).toBeLessThan(plain[1]);
    expect(dropout[1] - dropout[0]).toBeLessThan(plain[1] - plain[0]);

    const classes = await Promise.all(
      (await probabilities.locator('tbody tr').all()).map(async (row) =>
        (await row.locator('td').allTextContents()).slice(0, 3).map(Number),
      ),
    );
    const total = (column: number): number => classes.reduce((sum, entry) => sum + entry[column], 0);
    expect(classes).toHaveLength(10);
    expect(total(0)).toBeCloseTo(1, 2);
    expect(total(1)).toBeCloseTo(1, 2);
    // The passes differ, and so does their average from the scaled pass; but not by much.
    expect(total(2)).toBeGreaterThan(0);
    for (const [scaled, average] of classes) expect(Math.abs(scaled - average)).toBeLessThan(0.3);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it.each(['units', 'edges'])(
    'draws a new mask of %s with each step, about as much as the rate',
    async (kind) => {
      const { page, faults } = await site.visit(`dropout?drops=${kind}&rate=0.4`);
      const region = page.getByRole('region', { name: 'The masks' });
      const drawn = (): Promise<string> => region.locator('svg').innerHTML();
      const next = page.getByRole('button', { name: 'Next step' });
      const before = await drawn();
      expect(await region.locator('.unit.dropped path').count()).toBe(
        kind === 'units' ? await figure(region, 'dropped now') : 0,
      );
      await next.click();
      expect(await drawn()).not.toBe(before);
      for (let i = 0; i < 30; i++) await next.click();
      expect(await figure(region, 'step')).toBe(32);
      expect(Math.abs((await figure(region, 'dropped so far')) - 40)).toBeLessThan(10);
      expect(faults).toEqual([]);
      await page.context().close();
    },
  );

  it('the linear neuron averages to its scaled pass, and no other does', async () => {
    const { page } = await site.visit('dropout');
    const region = page.getByRole('region', { name: 'The neuron' });
    const difference = (): Promise<number> => figure(region, 'difference');
    expect(Math.abs(await figure(region, 'average of the four'))).toBeGreaterThan(0.1);
    expect(Math.abs(await difference())).toBeLessThan(1e-6);
    for (const activation of ['relu', 'tanh', 'sigmoid']) {
      await page.getByLabel('Non-linearity f').selectOption(activation);
      await expect.poll(async () => Math.abs(await difference())).toBeGreaterThan(1e-3);
    }
    await page.context().close();
  });
});
