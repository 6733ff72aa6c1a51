/** A module of Node's, imported in a way that bundlers for pages do not try to follow. */
export async function nodeModule<Module>(name: string): Promise<Module> {
  return (await import(/* @vite-ignore */ name)) as Module;
}
