import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

const HEAVY_BALL = `import { defineOptimizer } from '@downhill/optimizers';
import { zerosLike, type Tensor } from '@downhill/tensor';

interface Ball extends Record<string, Tensor> {
  readonly velocity: Tensor;
}

export default defineOptimizer({
  name: 'ball',
  defaults: { learningRate: 0.1, momentum: 0.9 },
  init: (parameter): Ball => ({ velocity: zerosLike(parameter) }),
  update: ({ parameter, gradient, state, options }) => {
    const velocity = state.velocity.mul(options.momentum).sub(gradient.mul(options.learningRate));
    return { parameter: parameter.add(velocity), state: { velocity } };
  },
});
`;

async function open(code?: string): Promise<{ page: Page; faults: readonly string[] }> {
  const query = code === undefined ? '' : `?${new URLSearchParams({ code }).toString()}`;
  const visited = await site.visit(`own-optimizer${query}`);
  await visited.page.locator('.check', { hasNotText: 'Checking.' }).waitFor({ timeout: 60_000 });
  return visited;
}

const run = (page: Page, name: 'Race' | 'Train') => page.getByRole('button', { name, exact: true }).click();
const problem = (page: Page) => page.getByRole('alert');
const notice = (page: Page) => page.getByRole('status');

/** A module that throws what its first lines find out, before there is any rule. */
const telling = (lines: string): string => `import { sgd } from '@downhill/optimizers';
declare const self: Record<string, unknown> & { addEventListener(kind: string, heard: (event: { violatedDirective: string }) => void): void };
declare const fetch: (address: string) => Promise<unknown>;
${lines}
export default sgd;
`;

describe('an optimizer of one’s own', () => {
  it('races as the built-in rule does that it is written after', async () => {
    const { page, faults } = await open(HEAVY_BALL);
    await page.getByLabel(/^Rate in the race/).fill('0.25');
    await page.getByLabel(/^Rate in the race/).press('Enter');
    await run(page, 'Race');
    await notice(page).getByText('The race is computed.').waitFor();
    const slider = page.getByRole('slider', { name: /^Step/ });
    await slider.fill('150');
    const cells = async (name: string) => page.locator(`[data-racer="${name}"] td`).allTextContents();
    expect(await cells('own')).toEqual(await cells('momentum'));
    expect((await cells('own'))[2]).toBe('arrived: 19');
    expect(await Site.violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('trains beside the built-in ones, and the first example does better than sgd', async () => {
    const { page, faults } = await open();
    await run(page, 'Train');
    await notice(page).getByText('All are trained.').waitFor();
    const label = await page.getByRole('img', { name: /^Loss of a network/ }).getAttribute('aria-label');
    const last = Object.fromEntries(
      [...(label ?? '').matchAll(/(yours|SGD|Momentum|Adam)[^,]*? ([\d.]+)(?=, |\.$)/g)].map(
        ([, name, loss]) => [name, Number(loss)],
      ),
    );
    // ln 10 is what a guess costs.
    for (const name of ['yours', 'SGD', 'Momentum', 'Adam'])
      expect(last[name]).toBeLessThan(0.35 * Math.log(10));
    expect(last.yours).toBeLessThan(last.SGD);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows what is wrong at its line as it is typed, and does not run', async () => {
    const { page, faults } = await open();
    await page.getByRole('combobox', { name: /^Begin with/ }).selectOption('One that is wrong');
    await problem(page)
      .getByText(/Line 9: Property 'minus' does not exist on type 'Tensor'/)
      .waitFor();
    await page.locator('.cm-gutter-lint .cm-lint-marker-error').waitFor();
    expect(await Site.violations(page)).toEqual([]);
    expect(await page.getByRole('button', { name: 'Race' }).isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'The rule, in TypeScript' }).fill('export default 3;');
    await problem(page)
      .getByText(/Line 1: expected `export default` with what defineOptimizer returns/)
      .waitFor();
    await page.getByRole('textbox', { name: 'The rule, in TypeScript' }).fill(HEAVY_BALL);
    await page.getByText('The types agree.').waitFor();
    expect(new URL(page.url()).hash).toContain('code=import');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows an error that comes up as it runs at its line', async () => {
    // Of the shape [3], where [2] is wanted: types do not say that. The interface above it is gone in what runs.
    const { page, faults } = await open(
      HEAVY_BALL.replace('zerosLike,', 'zeros,').replace('zerosLike(parameter)', 'zeros([3])'),
    );
    await run(page, 'Race');
    expect(await problem(page).textContent()).toMatch(
      /^Line 1[13]: .*\[2\].*\[3\]|^Line 1[13]: .*\[3\].*\[2\]/,
    );
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('that never ends is stopped, and the page goes on', async () => {
    const { page, faults } = await open();
    await page.getByRole('combobox', { name: /^Begin with/ }).selectOption('One that never ends');
    await page.getByText('The types agree.').waitFor();
    await run(page, 'Race');
    await page.locator('iframe').waitFor({ state: 'attached' });
    // The page answers meanwhile.
    await page.getByLabel('Surface of the race').selectOption('Saddle');
    await problem(page)
      .getByText(/no answer for 5 seconds: stopped/)
      .waitFor();
    await page.locator('iframe').waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: /^Begin with/ }).selectOption('Sign descent');
    await page.getByText('The types agree.').waitFor();
    await run(page, 'Race');
    await notice(page).getByText('The race is computed.').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('reaches no server', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.setHeader('Access-Control-Allow-Origin', '*').end('here');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
    const { page } = await open(
      telling(`const blocked = new Promise<string>((resolve) => self.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective)));
const answer = await fetch('${address}').then(() => 'it answered', String);
throw new Error(answer + ' for ' + (await blocked));`),
    );
    await run(page, 'Race');
    expect(await problem(page).textContent()).toMatch(/Failed to fetch for connect-src/);
    expect(requests).toBe(0);
    // The page itself could.
    expect(await page.evaluate(async (at) => (await fetch(at)).text(), address)).toBe('here');
    expect(requests).toBe(1);
    await page.context().close();
    server.close();
  });

  it('sees nothing of the page', async () => {
    const { page, faults } = await open(
      telling(`const names = ['window', 'document', 'parent', 'top', 'localStorage', 'SharedWorker'];
const seen = names.filter((name) => self[name] !== undefined);
throw new Error('seen: ' + seen.join() + '; origin ' + String(self.origin));`),
    );
    await run(page, 'Race');
    expect(await problem(page).textContent()).toMatch(/seen: ; origin null/);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe('where the host sends no headers of isolation', () => {
  it('races too', async () => {
    const bare = await Site.open({ isolated: false });
    const { page, faults } = await bare.visit('own-optimizer');
    await page.getByText('The types agree.').waitFor({ timeout: 60_000 });
    await run(page, 'Race');
    await notice(page).getByText('The race is computed.').waitFor();
    expect(faults).toEqual([]);
    await bare.close();
  });
});
