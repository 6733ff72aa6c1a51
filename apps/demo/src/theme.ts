import { effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const KEY = 'theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

function systemTheme(): Theme {
  return prefersDark.matches ? 'dark' : 'light';
}

function chosenTheme(): Theme | undefined {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : undefined;
}

/** The theme of the page: the system's, until one is chosen. What draws on a canvas reads it, to draw again when it changes. */
export const theme = signal<Theme>(chosenTheme() ?? systemTheme());

prefersDark.addEventListener('change', () => {
  if (chosenTheme() === undefined) theme.value = systemTheme();
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** Chooses the other theme, for this visit and later ones. */
export function switchTheme(): void {
  theme.value = theme.peek() === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEY, theme.peek());
}

/** A colour of the style sheet as the current theme has it: `color('--ink')`. */
export function color(name: `--${string}`): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** How many colours series have. */
export const SERIES_COLORS = 8;

/** How lines are dashed: another way after every five, so that colours that look alike never stand with the same dashes. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** Colour and dashes of the i-th series of a chart; no two of the first twenty have both in common. */
export function seriesStyle(i: number): { readonly color: string; readonly dash: number[] } {
  return {
    color: color(`--series-${(i % SERIES_COLORS) + 1}`),
    dash: DASHES[Math.floor(i / 5) % DASHES.length],
  };
}
