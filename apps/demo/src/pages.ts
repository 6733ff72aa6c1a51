import type { ComponentType } from 'preact';

/** A page of the demo. Its code is loaded when it is first shown. */
export interface Page {
  /** Its name in the address. */
  readonly name: string;
  /** Its name in the navigation, and its heading. */
  readonly title: string;
  /** One sentence on what there is to see. */
  readonly lead: string;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
}

export const pages: readonly Page[] = [
  {
    name: 'race',
    title: 'The race',
    lead: 'Loss surfaces, and every update rule rolling down them at once: who zigzags, who overshoots, who stops, who wins.',
    load: () => import('./pages/race/race.js'),
  },
  {
    name: 'own-optimizer',
    title: 'Your own optimizer',
    lead: 'Write an update rule of your own; it races and trains beside the built-in ones.',
    load: () => import('./pages/own-optimizer/own-optimizer.js'),
  },
  {
    name: 'learning-rates',
    title: 'Learning rates',
    lead: 'The same network with steps too short, just right, long and far too long; and why no single rate is best.',
    load: () => import('./pages/learning-rates/learning-rates.js'),
  },
  {
    name: 'convnet',
    title: 'Train a ConvNet',
    lead: 'Build a convolutional network, train it on real handwritten digits, and look inside while it learns.',
    load: () => import('./pages/convnet/convnet.js'),
  },
  {
    name: 'dropout',
    title: 'Dropout',
    lead: 'The same network with and without units that are switched off at random; what it buys, and how one tests afterwards.',
    load: () => import('./pages/dropout/dropout.js'),
  },
  {
    name: 'initialization',
    title: 'Initialization',
    lead: 'See what becomes of signals and gradients in a deep network just after its weights were drawn.',
    load: () => import('./pages/initialization/initialization.js'),
  },
  {
    name: 'gradient-check',
    title: 'Gradient check',
    lead: 'Compare the gradients of a network with differences of its loss, and find a bug that was planted.',
    load: () => import('./pages/gradient-check/gradient-check.js'),
  },
  {
    name: 'graph',
    title: 'The graph',
    lead: 'A whole training step as a graph: what is computed, what it costs, and what fusion makes of it.',
    load: () => import('./pages/graph/graph.js'),
  },
];
