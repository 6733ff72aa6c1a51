import { defineConfig } from 'tsup';
import { program } from '../tsup.base.js';

export default defineConfig({
  ...program({ main: 'src/main.ts', 'memory-run': 'src/memory-run.ts' }),
  // The peer is a development dependency, which tsup would bundle.
  external: ['@tensorflow/tfjs'],
});
