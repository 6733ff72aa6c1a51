import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';

/**
 * The build of a package: one ES module and one declaration file for each entry.
 * Other packages resolve to their built files here, as they will for users.
 *
 * @param entry output name → source file
 */
export function library(entry: Record<string, string>) {
  // What is JavaScript is run, not imported.
  const declared = Object.fromEntries(Object.entries(entry).filter(([, file]) => file.endsWith('.ts')));
  return defineConfig({
    ...program(entry),
    // tsup hands `baseUrl` to TypeScript, which TypeScript 6 reports as deprecated.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' }, entry: declared },
  });
}

/** The build of something that is run and not imported: no declaration files. */
export function program(entry: Record<string, string>) {
  return {
    entry,
    format: 'esm' as const,
    target: 'es2022',
    tsconfig: fileURLToPath(new URL('./tsconfig.build.json', import.meta.url)),
    clean: true,
    treeshake: true,
    removeNodeProtocol: false,
  };
}
