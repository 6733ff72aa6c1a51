import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

/** The table of how each training ended: loss and verdict, by the words before the rate. */
async function outcome(page: Page, what: string): Promise<Record<string, { loss: number; verdict: string }>> {
  const table = page.getByRole('region', { name: `How each ended, by ${what}` });
  await table.getByText('lowest loss').waitFor({ timeout: 60_000 });
  await expect.poll(() => table.getByText('…').count(), { timeout: 60_000 }).toBe(0);
  const rows = await table.locator('tbody tr').all();
  const entries = rows.map(async (row) => {
    const [name, loss, , verdict] = await row.locator('th, td').allTextContents();
    return [name, { loss: Number(loss), verdict }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe('learning rates', () => {
  it('too low stays high, very high is worse than guessing, good is lowest of the constant ones, and a decayed rate is best of all', async () => {
    const { page, faults } = await site.visit('learning-rates?steps=2000');
    const curves = page.getByRole('region', { name: 'Curves of the rates' }).getByRole('img');
    expect(await curves.getAttribute('aria-label')).not.toContain('Good');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    const constant = await outcome(page, 'rate');
    const losses = Object.values(constant).map(({ loss }) => loss);
    const [low, good, high, veryHigh] = losses;
    expect(losses).toHaveLength(4);
    expect(low).toBeGreaterThan(2 * good);
    expect(high).toBeGreaterThan(1.2 * good);
    expect(veryHigh).toBeGreaterThan(Math.log(10));
    expect(Object.values(constant)[3].verdict).toBe('worse than guessing');
    expect(await curves.getAttribute('aria-label')).toMatch(/Good, 0.1 \d/);

    await page.getByRole('radio', { name: 'The good one' }).check();
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('The picture agrees').waitFor();
    const all = await outcome(page, 'rate');
    expect(all['0.4, decayed'].verdict).toBe('lowest loss');
    expect(all['0.4, decayed'].loss).toBeLessThan(good);
    expect(await curves.getAttribute('aria-label')).toContain('0.4, decayed');
    expect(await Site.violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('a rate that diverges ends, and is marked', async () => {
    const { page, faults } = await site.visit('learning-rates?network=relu&veryHigh=1e25&steps=500');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    const ends = await outcome(page, 'rate');
    expect(Object.values(ends)[3].verdict).toMatch(/^diverged at step \d+$/);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('draws and trains with the schedules that are chosen, and keeps them in the link', async () => {
    const { page, faults } = await site.visit('learning-rates?steps=500&schedules=constant+linear');
    await page.getByRole('checkbox', { name: 'One cycle' }).check();
    expect(page.url()).toContain('schedules=constant+linear+oneCycle');
    const curves = page.getByRole('region', { name: 'Curves of the schedules' }).getByRole('img');
    // Where they end: the constant rate where it began, the two others at nothing or nearly so.
    expect(await curves.first().getAttribute('aria-label')).toMatch(
      /Constant 0\.4, Linear 0, One cycle 0\.0000/,
    );
    await page.getByRole('button', { name: 'Train with each' }).click();
    const ends = await outcome(page, 'schedule');
    expect(Object.keys(ends)).toEqual(['Constant', 'Linear', 'One cycle']);
    expect(ends.Linear.loss).toBeLessThan(ends.Constant.loss);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
