import { defineConfig } from 'tsup';
import { program } from '../tsup.base.js';
import manifest from './package.json' with { type: 'json' };

export default defineConfig({
  ...program({
    main: 'src/main.ts',
    serve: 'src/serve.ts',
    'first-call-run': 'src/first-call-run.ts',
    'memory-run': 'src/memory-run.ts',
  }),
  // Peers are development dependencies, which tsup would bundle.
  external: Object.keys(manifest.devDependencies),
});
