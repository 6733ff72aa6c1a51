import { DownhillError, hostInput, weakScalar, type Tensor } from '@downhill/tensor';

/** The defaults of a rule's options; their types are the types of the options. */
export type OptionDefaults = Readonly<Record<string, number | boolean | string>>;

/** A number for each call of `step`, the first being call 0: what `@downhill/schedules` makes. */
export type Schedule = (step: number) => number;

type Widened<Value> = Value extends number ? number : Value extends boolean ? boolean : string;

/** Plain values of all options. */
export type PlainOptions<Defaults extends OptionDefaults> = {
  readonly [Name in keyof Defaults]: Widened<Defaults[Name]>;
};

/** What a caller may give: any option may be left out, a numeric one may follow a schedule. */
export type GivenOptions<Defaults extends OptionDefaults> = {
  readonly [Name in keyof Defaults]?: Defaults[Name] extends number
    ? number | Schedule
    : Widened<Defaults[Name]>;
};

/** What an update sees: each numeric option as a weak float64 scalar, the others as they are. */
export type TensorOptions<Defaults extends OptionDefaults> = {
  readonly [Name in keyof Defaults]: Defaults[Name] extends number ? Tensor : Widened<Defaults[Name]>;
};

/** The values a numeric option may have: at least the first, below the second, and whole if it says so. */
export type Range = readonly [least: number, below: number, whole?: 'whole'];

/** Any number of at least 0: learning rates, and the like. */
export const NOT_NEGATIVE: Range = [0, Infinity];

/** 1, 2, 3, ...: how many steps. */
export const COUNT: Range = [1, Infinity, 'whole'];

/** From 0 to below 1: momentum, and decays of running averages. */
export const FRACTION: Range = [0, 1];

type Setting = number | boolean | string | Schedule;

/** The options of one optimizer, checked, with the defaults filled in. */
export class OptionSet<Defaults extends OptionDefaults> {
  readonly #where: string;
  readonly #ranges: Readonly<Record<string, Range | undefined>>;
  readonly #settings: ReadonlyMap<string, Setting>;

  /** Throws for unknown names, for values of another type than the default's, and for numbers out of range. */
  constructor(
    where: string,
    defaults: Defaults,
    given: GivenOptions<Defaults>,
    ranges: Readonly<Record<string, Range | undefined>>,
  ) {
    this.#where = where;
    this.#ranges = ranges;
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(defaults, name));
    if (unknown !== undefined) {
      throw new DownhillError(
        `${where}: there is no option ${unknown}; the options are ${Object.keys(defaults).join(', ')}`,
      );
    }
    this.#settings = new Map(
      Object.entries(defaults).map(([name, normal]) => [
        name,
        this.#checked(name, given[name] ?? normal, normal),
      ]),
    );
  }

  #checked(name: string, setting: unknown, normal: OptionDefaults[string]): Setting {
    const expected = typeof normal;
    if (expected === 'number' && typeof setting === 'function') return setting as Schedule;
    if (typeof setting !== expected) {
      const kind = expected === 'number' ? 'number or a schedule (step) => number' : expected;
      throw new DownhillError(`${this.#where}: ${name}: expected a ${kind}, got a ${typeof setting}`);
    }
    if (typeof setting === 'number') this.#checkRange(name, setting, '');
    return setting as Setting;
  }

  #checkRange(name: string, value: number, origin: string): number {
    const [least, below, whole] = this.#ranges[name] ?? [-Number.MAX_VALUE, Infinity];
    const fits = typeof value === 'number' && value >= least && value < below;
    if (fits && (whole === undefined || Number.isInteger(value))) return value;
    const bounds =
      least === -Number.MAX_VALUE
        ? ''
        : below === Infinity
          ? ` of at least ${least}`
          : ` from ${least} to below ${below}`;
    throw new DownhillError(
      `${this.#where}: ${name}: expected a ${whole ?? 'finite'} number${bounds}, got ${String(value)}${origin}`,
    );
  }

  #scheduled(name: string, schedule: Schedule, call: number): number {
    return this.#checkRange(name, schedule(call), ` from its schedule at step ${call}; nothing has changed`);
  }

  /** Plain values, schedules at the given call. */
  plain(call: number): PlainOptions<Defaults> {
    return this.#map((name, setting) =>
      typeof setting === 'function' ? this.#scheduled(name, setting, call) : setting,
    ) as PlainOptions<Defaults>;
  }

  /** Numbers as weak scalars; those that follow a schedule ask it, and `call`, anew at each run. */
  tensors(call: () => number): TensorOptions<Defaults> {
    return this.#map((name, setting) => {
      if (typeof setting === 'function') return hostInput(() => this.#scheduled(name, setting, call()));
      return typeof setting === 'number' ? weakScalar(setting) : setting;
    }) as TensorOptions<Defaults>;
  }

  #map<Value>(convert: (name: string, setting: Setting) => Value): Record<string, Value> {
    return Object.fromEntries([...this.#settings].map(([name, setting]) => [name, convert(name, setting)]));
  }
}
