import { afterAll, beforeAll, expect, it } from 'vitest';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

it('draws a step before and after fusion, and tells of what is chosen', async () => {
  const { page, faults } = await site.visit('graph?layers=conv+4+3%2C+relu%2C+max+2%2C+linear+10&batch=8');
  const drawing = (what: string) => page.getByRole('group', { name: new RegExp(`^\\d+ ${what}`) });
  const boxes = (what: string) => drawing(what).getByRole('button');
  await drawing('operations').waitFor();
  const row = page.getByRole('row', { name: /^to run/ });
  const [operations, kernels] = ((await row.textContent()) ?? '').match(/\d+/g)?.map(Number) ?? [];
  expect(kernels).toBeLessThan(operations / 4);

  const details = page.locator('.graph-details');
  await boxes('operations').filter({ hasText: 'exp' }).first().click();
  await details.getByText(/^8 × 10, float32, 320 B$/).waitFor();
  await details.getByText(/computed in/).waitFor();
  // The arrows lead down the lines.
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => details.textContent()).not.toContain('operationexp');

  const before = await boxes('operations').count();
  await page.getByRole('checkbox', { name: 'update' }).check();
  await expect.poll(() => boxes('operations').count()).toBeGreaterThan(before);

  await page.getByRole('combobox', { name: 'Show' }).selectOption('after');
  await drawing('kernels').waitFor();
  expect(await boxes('kernels').count()).toBe(kernels);
  await page.getByText(`All ${kernels} kernels as a table`).click();
  expect(await page.getByRole('region', { name: 'Kernels' }).getByRole('row').count()).toBe(kernels + 1);

  await page.getByRole('textbox', { name: 'Layers' }).fill('konv 4 3');
  await page.getByRole('textbox', { name: 'Layers' }).blur();
  await page.getByRole('alert').getByText('there is no "konv"').waitFor();
  expect(faults).toEqual([]);
  await page.context().close();
});
