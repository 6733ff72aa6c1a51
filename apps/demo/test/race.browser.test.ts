import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright';
import { Site } from './site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(async () => {
  await site.close();
});

/** The verdict once the whole race has been shown. */
async function verdict(page: Page): Promise<string> {
  const status = page.getByRole('status');
  await page.waitForFunction(
    () => document.querySelector('[role="status"]')?.textContent !== 'Computing the race.',
  );
  const slider = page.getByRole('slider', { name: /^Step/ });
  await slider.fill(String(await slider.getAttribute('max')));
  return (await status.textContent()) ?? '';
}

const row = (page: Page, name: string) => page.locator(`[data-racer="${name}"]`);

describe('the race', () => {
  it('is won by nesterov and momentum on the elongated bowl, sgd far behind at the same rate', async () => {
    const { page, faults } = await site.visit('race');
    const text = await verdict(page);
    expect(text).toMatch(/^Nesterov wins: below 0\.106 after \d+ steps\. Then Momentum after \d+/);
    const stepsOf = (title: string): number =>
      Number(new RegExp(`${title} (?:wins: below [\\d.]+ )?after (\\d+)`).exec(text)?.[1]);
    // By hand: x shrinks by 1 - α h a step, so the loss by its square; the steep direction is long at rest.
    const shrink = (1 - 0.25 * 0.05) ** 2;
    const loss = (0.05 * 5 ** 2) / 2;
    const below = 0.01 * (loss + (5 * 2 ** 2) / 2);
    expect(stepsOf('SGD')).toBe(Math.ceil(Math.log(below / loss) / Math.log(shrink)));
    expect(stepsOf('Momentum')).toBeLessThan(stepsOf('SGD') / 3);
    expect(stepsOf('Nesterov')).toBeLessThan(stepsOf('Momentum'));
    for (const name of ['sgd', 'momentum', 'nesterov'])
      expect(await row(page, name).textContent()).toContain('0.25');
    expect(await Site.violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('starts from where one clicks, and the link says so', async () => {
    const { page, faults } = await site.visit('race?racers=sgd');
    await verdict(page);
    const map = page.getByRole('img', { name: /^Elongated bowl/ });
    const box = await map.boundingBox();
    if (box === null) throw new Error('the map is not to be seen');
    await map.click({ position: { x: 0.7 * box.width, y: 0.3 * box.height } });
    const [x, y] = (/start=([-\d.]+)\+([-\d.]+)/.exec(page.url()) ?? []).slice(1).map(Number);
    expect(x).toBeGreaterThan(1);
    expect(y).toBeGreaterThan(1);
    expect(await page.getByLabel('Start x').inputValue()).toBe(String(x));
    await page.waitForFunction(() =>
      document.querySelector('[role="status"]')?.textContent?.startsWith('Nobody'),
    );
    await page.getByRole('slider', { name: /^Step/ }).fill('0');
    const loss = 0.025 * x ** 2 + 2.5 * y ** 2;
    await row(page, 'sgd')
      .getByText(String(Number(loss.toPrecision(3))), { exact: true })
      .waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('runs down a formula that is typed, and shows where one is wrong', async () => {
    const { page, faults } = await site.visit('race');
    await page.getByLabel('Surface').selectOption('A formula of your own');
    const field = page.getByLabel('Loss, a formula of x and y');
    await field.fill('(x - 1)^2 + foo * y');
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toContain(
      'there is no foo; the names are x, y, pi, e, noise, at character 13',
    );
    expect(await alert.locator('mark').textContent()).toBe('f');
    await field.fill('(x - 1)^2 + 3 * y^2 + 4');
    await alert.waitFor({ state: 'detached' });
    await page.getByLabel('Newton').check();
    await row(page, 'newton')
      .getByText(/^arrived: 1, \d+ gradients$/)
      .waitFor();
    expect(await verdict(page)).toMatch(/^Newton wins: below 4\.\d+ after 1 step\./);
    expect(page.url()).toContain('formula=%28x+-+1%29%5E2+%2B+3+*+y%5E2+%2B+4');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('marks what diverges, refuses, or has options of its own, and is the same again from its link', async () => {
    const link =
      'race?surface=ravine&racers=sgd%2C+adam%2C+newton%2C+momentum&steps=80&options=sgd+learningRate+3%2C+adam+learningRate+0.3+schedule+cosine%2C+momentum+momentum+1.5';
    const texts: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { page, faults } = await site.visit(link);
      await verdict(page);
      expect(await row(page, 'sgd').textContent()).toMatch(/diverged: \d/);
      expect(await row(page, 'newton').textContent()).toContain(
        'refuses: minimize: the objective draws random',
      );
      expect(await row(page, 'momentum').textContent()).toMatch(/refuses: .*momentum/);
      expect(await row(page, 'adam').textContent()).toContain('0.3');
      texts.push((await page.locator('.standings').textContent()) ?? '');
      expect(faults).toEqual([]);
      await page.context().close();
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it('plays, pauses, and goes where its slider is put', async () => {
    const { page, faults } = await site.visit('race?speed=100&steps=400');
    await page.getByRole('button', { name: 'Pause' }).click();
    const slider = page.getByRole('slider', { name: /^Step/ });
    const paused = await slider.inputValue();
    await row(page, 'sgd').getByText(/\d/).first().waitFor();
    expect(await slider.inputValue()).toBe(paused);
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLInputElement>('.playback input')?.value) > 20,
    );
    await slider.focus();
    await page.keyboard.press('Home');
    expect(await slider.inputValue()).toBe('0');
    await page.getByRole('button', { name: 'Play' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
