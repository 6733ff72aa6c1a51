/** What results are made of: data that JSON can hold. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Tells how far a part is, a share from 0 to 1, and lets the terminal and Ctrl-C have their turn; throws when stopped. */
export type Watch = (share: number, note?: string) => Promise<void>;

/** Where a part that takes long puts down what it needs to go on from, should it be stopped. */
export interface Shelf {
  /** What this part put down last, perhaps in an earlier process. */
  readonly bytes: Uint8Array | undefined;
  readonly put: (bytes: Uint8Array) => void;
}

/** What came out, as people read it. */
export interface Conclusion {
  /** Whether the claim held. */
  readonly holds: boolean;
  /** Sentences, with the numbers that bear the claim out or do not. */
  readonly findings: readonly string[];
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

/** A claim, and what has to be run to see whether it holds. */
export interface Definition<Outcome> {
  /** The name of its files, and what `--only` takes: lower case, with hyphens. */
  readonly name: string;
  /** A sentence that can be false, and where it comes from. */
  readonly claim: string;
  /** How it is tested. */
  readonly method: string;
  /** All numbers that decide the outcome, seeds among them: a part that was finished under others is run anew. */
  readonly settings: { readonly [key: string]: Plain };
  /** What is run one after another, and kept when it is finished. */
  readonly parts: readonly string[];
  readonly run: (part: string, watch: Watch, shelf?: Shelf) => Promise<Outcome>;
  /** From the outcomes of all parts, by their names. */
  readonly conclude: (outcomes: ReadonlyMap<string, Outcome>) => Conclusion;
}

/** An experiment whose outcomes are known only as data, so that one list can hold many kinds. */
export type Experiment = Definition<Plain>;

/** An experiment from its definition. */
export function defineExperiment<Outcome extends Plain>(definition: Definition<Outcome>): Experiment {
  return {
    ...definition,
    // What `run` has given, perhaps in an earlier process, comes back as it was: JSON holds it exactly.
    conclude: (outcomes) => definition.conclude(outcomes as ReadonlyMap<string, Outcome>),
  };
}
