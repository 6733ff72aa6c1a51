import { useSignal, useSignalEffect, type Signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useRef } from 'preact/hooks';
import { pages, type Page } from './pages.js';
import { page } from './route.js';
import { switchTheme, theme } from './theme.js';

/** The frame of all pages: navigation, theme, and the page that the address names. */
export function App() {
  const current = pages.find(({ name }) => name === page.value) ?? pages[0];
  const busy = useSignal(true);
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to the page
      </a>
      <header class="frame">
        <a class="brand" href="#/">
          <img src="./icon.svg" alt="" width="28" height="28" /> Downhill
        </a>
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ name, title }) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={name === current.name ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <button class="theme secondary outline" type="button" onClick={switchTheme}>
          {theme.value === 'dark' ? 'Light' : 'Dark'}
        </button>
      </header>
      <main id="content" class="frame" tabIndex={-1} aria-busy={busy.value}>
        <h1>{current.title}</h1>
        <p class="lead">{current.lead}</p>
        <PageBody key={current.name} page={current} busy={busy} />
      </main>
      <footer class="frame">
        <small>
          Everything here is computed in this page, {threadsSentence()}. Nothing is sent anywhere.
        </small>
      </footer>
    </>
  );
}

/** A link to `#content` would be taken for a page's address. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function threadsSentence(): string {
  return crossOriginIsolated
    ? `training on ${navigator.hardwareConcurrency} cores`
    : 'training on one core: the page is not cross-origin isolated, so it has no shared memory';
}

function PageBody({ page, busy }: { readonly page: Page; readonly busy: Signal<boolean> }) {
  const body = useSignal<ComponentType | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const shown = useRef(true);
  useSignalEffect(() => {
    document.title = `${page.title} · Downhill`;
    busy.value = true;
    page
      .load()
      .then(
        (module) => {
          if (shown.current) body.value = module.default;
        },
        (error: unknown) => {
          fault.value = String(error);
        },
      )
      .finally(() => {
        busy.value = false;
      });
    return () => {
      shown.current = false;
    };
  });
  if (fault.value !== undefined) {
    return (
      <p role="alert">
        The page could not be loaded: {fault.value}. Load it again when the network is there.
      </p>
    );
  }
  const Body = body.value;
  return Body === undefined ? <p>Loading</p> : <Body />;
}
