import { computed, signal } from '@preact/signals';

/** What stands behind the # of the address: `#/race?surface=bowl`. */
const fragment = signal(location.hash);

addEventListener('hashchange', () => {
  fragment.value = location.hash;
});

const parsed = computed(() => {
  const [path, query = ''] = fragment.value.replace(/^#\/?/, '').split('?');
  return { page: path, query };
});

/** The name of the page that is shown; empty for the first. */
export const page = computed(() => parsed.value.page);

/** The settings in the address, as they stand there. */
export const query = computed(() => parsed.value.query);

/** Changes the settings in the address and leaves the page, and the browser's history, as they are. */
export function replaceQuery(query: string): void {
  const hash = `#/${parsed.peek().page}${query === '' ? '' : `?${query}`}`;
  history.replaceState(null, '', hash);
  fragment.value = hash;
}
