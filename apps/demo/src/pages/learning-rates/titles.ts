/** What a select shows of choices that have titles: all of them, or those named. */
export function titles(
  choices: Readonly<Record<string, { readonly title: string }>>,
  names: readonly string[] = Object.keys(choices),
): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, choices[name].title]));
}
