import { useComputed, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { page, query, replaceQuery } from './route.js';

/** Settings of a page: names and plain values. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

type Widened<Value> = Value extends number ? number : Value extends boolean ? boolean : string;

/** The settings of a page with these defaults. */
export type SettingsOf<Defaults extends Settings> = {
  readonly [Name in keyof Defaults]: Widened<Defaults[Name]>;
};

export interface SettingsHandle<Defaults extends Settings> {
  /** What the link says, and the defaults for the rest. */
  readonly current: ReadonlySignal<SettingsOf<Defaults>>;
  /** Changes some of them, in the link as well. */
  set(changed: Partial<SettingsOf<Defaults>>): void;
}

/**
 * A page's settings live in its link and nowhere else: a link that is sent to somebody shows the same page there. What is as by
 * default is left out of the link; what a link says wrongly is as by default.
 */
export function useSettings<Defaults extends Settings>(defaults: Defaults): SettingsHandle<Defaults> {
  const own = useMemo(() => page.peek(), []);
  const current = useComputed(() => readSettings(page.value === own ? query.value : '', defaults));
  return useMemo(
    () => ({
      current,
      set(changed) {
        replaceQuery(writeSettings({ ...current.peek(), ...changed }, defaults));
      },
    }),
    [],
  );
}

export function readSettings<Defaults extends Settings>(
  query: string,
  defaults: Defaults,
): SettingsOf<Defaults> {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    Object.entries(defaults).map(([name, normal]) => [name, readValue(given.get(name), normal)]),
  ) as SettingsOf<Defaults>;
}

function readValue(text: string | null, normal: string | number | boolean): string | number | boolean {
  if (text === null) return normal;
  if (typeof normal === 'boolean') return text === 'true' || (text !== 'false' && normal);
  if (typeof normal === 'string') return text;
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : normal;
}

export function writeSettings<Defaults extends Settings>(
  values: SettingsOf<Defaults>,
  defaults: Defaults,
): string {
  const changed = Object.entries(values)
    .filter(([name, value]) => value !== defaults[name])
    .map(([name, value]): [string, string] => [name, String(value)]);
  return new URLSearchParams(changed).toString();
}
