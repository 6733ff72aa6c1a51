import { afterAll, beforeAll, expect, it } from 'vitest';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

it('passes a network as it is, reports a planted bug, and tells whether a guess was right', async () => {
  const { page, faults } = await site.visit('gradient-check');
  await page.getByText('All gradients agree.', { exact: true }).waitFor();
  const verdicts = page.getByRole('region', { name: 'Parameters' }).locator('td:last-child');
  expect(await verdicts.count()).toBe(6);
  expect(await verdicts.allTextContents()).not.toContain('wrong');

  await page.getByRole('checkbox', { name: 'Plant a bug' }).check();
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('Not all gradients agree.').waitFor();
  expect(await verdicts.allTextContents()).toContain('wrong');
  const guess = page.getByRole('combobox', { name: 'In which layer is the bug?' });
  const answer = page.getByText(/^(Right|No): in /);
  await guess.selectOption({ index: 1 });
  const place = Number(/in (\d+)\./.exec((await answer.textContent()) ?? '')?.[1]);
  await guess.selectOption({ index: place });
  await page.getByText(/^Right: in /).waitFor();

  await page.getByRole('button', { name: 'Try all steps' }).click();
  await page.getByRole('img', { name: /relative error: float32 .*float64/ }).waitFor();
  expect(faults).toEqual([]);
  await page.context().close();
});
