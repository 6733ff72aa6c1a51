import { afterAll, beforeAll, expect, it } from 'vitest';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

it('shows layers fading, saturated and alive as the scale is dragged, and what they learn', async () => {
  const { page, faults } = await site.visit('initialization');
  const slider = page.getByRole('slider', { name: 'Scale of the weights' });
  const top = page.getByRole('img', { name: /^Layer 10:/ });
  const reading = async () => {
    const [, mean, deviation, flat] =
      /mean (\S+), deviation (\S+), (\S+) %/.exec((await top.getAttribute('aria-label')) ?? '') ?? [];
    return { mean: Number(mean), deviation: Number(deviation), flat: Number(flat) };
  };

  await slider.fill('-2');
  await page.getByText('Everything goes to one value').waitFor();
  expect((await reading()).deviation).toBeLessThan(1e-5);

  await slider.press('End');
  await page.getByText('Saturated').waitFor();
  expect((await reading()).flat).toBeGreaterThan(85);
  expect(page.url()).toContain('scale=1');

  await page.getByRole('button', { name: 'Xavier' }).click();
  await page.getByText('Alive').waitFor();
  expect((await reading()).deviation).toBeGreaterThan(0.15);

  // Without batch normalization nothing is learnt from weights that small; with it something is.
  await page.getByRole('button', { name: 'small' }).click();
  await page.getByRole('button', { name: 'Train from this start' }).click();
  const heard = page.getByText(/After 200 steps the loss is/);
  await heard.waitFor({ state: 'attached', timeout: 60_000 });
  const [without, withNorm] = ((await heard.textContent()) ?? '').match(/\d\.\d+/g)?.map(Number) ?? [];
  expect(without).toBeGreaterThan(2.2);
  expect(withNorm).toBeLessThan(1);
  expect(faults).toEqual([]);
  await page.context().close();
});
