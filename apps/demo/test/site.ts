import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright';
import { preview, type PreviewServer } from 'vite';
import { chromiumArguments, findChromium } from '../../../chromium.js';

/** The built pages, served, and a browser that looks at them. */
export class Site {
  readonly address: string;
  readonly #server: PreviewServer;
  readonly #browser: Browser;

  private constructor(server: PreviewServer, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
    this.address = server.resolvedUrls?.local[0] ?? '';
  }

  /** `isolated: false` leaves the headers of cross-origin isolation out, as many hosts do. */
  static async open({ isolated = true }: { readonly isolated?: boolean } = {}): Promise<Site> {
    const server = await preview({
      root: fileURLToPath(new URL('..', import.meta.url)),
      logLevel: 'error',
      mode: isolated ? 'production' : 'plain-host',
      preview: { port: 0 },
    });
    const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArguments });
    return new Site(server, browser);
  }

  /** A page of the demo in a window of its own: `race?surface=bowl`. Errors it writes to its console are in `faults`. */
  async visit(
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => {
      faults.push(String(error));
    });
    await page.goto(`${this.address}#/${path}`);
    await page.locator('main[aria-busy="false"]').waitFor();
    return { page, faults };
  }

  /** What axe finds wrong with a page as it stands: rules, each with the elements that break it. */
  static async violations(page: Page): Promise<readonly (readonly [rule: string, elements: string[]])[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }),
    );
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)] as const);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }
}
