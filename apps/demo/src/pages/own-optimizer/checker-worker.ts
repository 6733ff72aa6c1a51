import { expose } from 'comlink';
import ts from 'typescript';
import files from 'virtual:declarations';

/** What is wrong in a rule, and where in its text. */
export interface Problem {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface Checked {
  readonly problems: readonly Problem[];
  /** The rule in JavaScript; undefined if there are problems. */
  readonly script: string | undefined;
  /** The line of the text for each line of the script, all from 1. */
  readonly lines: readonly number[];
}

const RULE = '/rule.ts';
/** Says what the rule's module has to export. */
const USE = '/use.ts';
const GLOBALS = '/globals.d.ts';

const given: Readonly<Record<string, string>> = {
  ...files,
  [USE]: `import make from './rule.js';
import type { Optimizer } from '@downhill/optimizers';
export const optimizer: Optimizer = make();`,
  [GLOBALS]: 'declare const console: { log(...values: unknown[]): void; warn(...values: unknown[]): void };',
};

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts'],
  types: [],
  strict: true,
  skipLibCheck: true,
  noEmitOnError: false,
  sourceMap: true,
};

const parsed = new Map<string, ts.SourceFile>();
let program: ts.Program | undefined;

function hostFor(text: string): ts.CompilerHost {
  const read = (path: string): string | undefined => (path === RULE ? text : given[path]);
  return {
    getSourceFile(path, target) {
      const content = read(path);
      if (content === undefined) return undefined;
      const kept = parsed.get(path);
      if (kept !== undefined && kept.text === content) return kept;
      const file = ts.createSourceFile(path, content, target);
      parsed.set(path, file);
      return file;
    },
    getDefaultLibFileName: () => '/lib/lib.es2023.d.ts',
    getDefaultLibLocation: () => '/lib',
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (path) => read(path) !== undefined,
    readFile: read,
    directoryExists: (path) => path === '/' || Object.keys(given).some((each) => each.startsWith(`${path}/`)),
    writeFile: () => {},
  };
}

const api = {
  check(text: string): Checked {
    program = ts.createProgram([GLOBALS, RULE, USE], options, hostFor(text), program);
    const rule = program.getSourceFile(RULE);
    const use = program.getSourceFile(USE);
    const problems = [...program.getSyntacticDiagnostics(rule), ...program.getSemanticDiagnostics(rule)].map(
      ({ start = 0, length = 0, messageText }): Problem => ({
        from: start,
        to: start + length,
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      }),
    );
    const misuse = problems.length === 0 ? program.getSemanticDiagnostics(use).at(0) : undefined;
    if (misuse !== undefined) {
      const start = Math.max(0, text.indexOf('export default'));
      problems.push({
        from: start,
        to: Math.max(start, text.indexOf('\n', start)),
        message: `expected \`export default\` with what defineOptimizer returns: ${ts.flattenDiagnosticMessageText(misuse.messageText, '\n')}`,
      });
    }
    if (problems.length > 0) return { problems, script: undefined, lines: [] };
    const { outputText, sourceMapText } = ts.transpileModule(text, { compilerOptions: options });
    const { mappings } = JSON.parse(sourceMapText ?? '{"mappings":""}') as { mappings: string };
    return {
      problems,
      script: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ''),
      lines: linesOf(mappings),
    };
  },
};

export type CheckerWorker = typeof api;

/** For each line of the script the line of the text that its first mapping names, by the source map's third numbers. */
function linesOf(mappings: string): number[] {
  let line = 0;
  return mappings.split(';').map((row) => {
    const rows = row.split(',').filter((segment) => segment !== '');
    const shifts = rows.map((segment) => decode(segment)[2] ?? 0);
    const first = line + (shifts.at(0) ?? 0);
    line += shifts.reduce((a, b) => a + b, 0);
    return first + 1;
  });
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The numbers of a segment of a source map: base 64, five bits a digit, the sign in the lowest bit. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return numbers;
}

expose(api);
