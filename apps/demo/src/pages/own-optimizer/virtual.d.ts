/** Made at build time by `vite/sandbox-worker.ts`. */
declare module 'virtual:sandbox-worker' {
  const script: string;
  export default script;
}

/** Made at build time by `vite/declarations.ts`. */
declare module 'virtual:declarations' {
  const files: Readonly<Record<string, string>>;
  export default files;
}
